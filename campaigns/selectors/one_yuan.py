"""Who may have a 1元购, what its parcel costs, and what a campaign's referrals came to."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from campaigns.models import Campaign, FirstOrder, FirstOrderTrace, OneYuanTerms, Order, ReferralUse
from members.models import Purchase

ONCE = "1 元购每人只有一次，这个手机号、微信、会员卡或地址已经用过了"
ONLY_FIRST = "1 元购只给第一次下单的新会员，您已经买过了"
_GONE = (Order.State.CANCELLED, Order.State.LAPSED)


def why_not_eligible(*, member_id: int, traces: Sequence[tuple[str, bytes]]) -> str:
    """Why this person may not, as she reads it; empty where she may. Any id of hers counts, in any store."""
    if FirstOrder.objects.filter(member=member_id, released_at=None).exists():
        return ONCE
    same = Q(pk__in=())
    for kind, digest in traces:
        same |= Q(kind=kind, digest=digest)
    if FirstOrderTrace.objects.filter(same, released_at=None).exists():
        return ONCE
    if Order.objects.filter(member=member_id).exclude(state__in=_GONE).exists():
        return ONLY_FIRST
    return ONLY_FIRST if Purchase.objects.filter(member=member_id).exists() else ""


def live_first_order(member_id: int) -> FirstOrder | None:
    """Her 1元购, if she has one that stands."""
    return FirstOrder.objects.select_related("order").filter(member=member_id, released_at=None).first()


def freight_fen(terms: OneYuanTerms, *, goods_fen: int, fulfilment: str) -> int:
    """What bringing it costs: nothing for pick-up and from the threshold on."""
    is_free = fulfilment == Order.Fulfilment.PICKUP or goods_fen >= terms.free_freight_from_fen
    return 0 if is_free else terms.freight_fen


@dataclass(frozen=True, slots=True)
class ReferralCounts:
    """A campaign's referrals: how many wait, were paid back and came to nothing, and the money of the first two."""

    waiting: int = 0
    settled: int = 0
    void: int = 0
    waiting_fen: int = 0
    settled_fen: int = 0


def referral_counts(campaign: Campaign) -> ReferralCounts:
    """How a campaign's referrals stand."""
    rows = uses_of(campaign).values_list("state").annotate(n=Count("pk"), fen=Sum("amount_fen")).order_by()
    found: dict[str, tuple[int, int]] = {state: (int(n), int(fen or 0)) for state, n, fen in rows}
    waiting, settled, void = (found.get(state.value, (0, 0)) for state in ReferralUse.State)
    return ReferralCounts(waiting[0], settled[0], void[0], waiting[1], settled[1])


def uses_of(campaign: Campaign) -> QuerySet[ReferralUse]:
    """Every friend's paid first order through a link of this campaign; an unpaid one is nothing yet."""
    paid = ReferralUse.objects.filter(referral__order__campaign=campaign)
    return paid.exclude(state=ReferralUse.State.WAITING, amount_fen=0)
