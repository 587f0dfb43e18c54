"""What time does to campaigns: they begin, end and are settled."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.models import Campaign, Order, Payment, Refund, WaitEntry
from campaigns.services.telling import tell_ended

_SETTLES_AFTER = timedelta(days=1)  # a payment that is late comes within it


def start_and_end_campaigns(*, at: datetime) -> dict[str, int]:
    """Move every campaign whose hour has come; sweeping twice, or two at once, does no harm."""
    on = Campaign.objects.filter(is_template=False)
    started = on.filter(state=Campaign.State.SCHEDULED, starts_at__lte=at, ends_at__gt=at).update(
        state=Campaign.State.LIVE
    )
    running = (Campaign.State.SCHEDULED, Campaign.State.LIVE, Campaign.State.PAUSED)
    ended = _end(on.filter(Q(ends_at__lte=at), state__in=running), at)
    over = WaitEntry.objects.filter(state=WaitEntry.State.WAITING, stock__item__campaign__state=Campaign.State.ENDED)
    over.update(state=WaitEntry.State.LAPSED)
    return {"started": started, "ended": ended, "settled": _settle(at)}


@transaction.atomic
def _end(due: QuerySet[Campaign], at: datetime) -> int:
    """End them, and leave word of it in the same transaction."""
    ids = list(due.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True))
    tell_ended(campaign_ids=ids, at=at)
    return Campaign.objects.filter(pk__in=ids).update(state=Campaign.State.ENDED)


def _settle(at: datetime) -> int:
    """Ended campaigns of which nothing is open any more: no order under way, no refund on its way."""
    open_states = (Order.State.RESERVED, Order.State.CONFIRMED, Order.State.FULFILLED)
    orders = Order.objects.filter(campaign=OuterRef("pk"), state__in=open_states)
    refunds = Refund.objects.filter(payment__order__campaign=OuterRef("pk")).exclude(state=Refund.State.DONE)
    payments = Payment.objects.filter(order__campaign=OuterRef("pk"), state=Payment.State.OPEN)
    done = Campaign.objects.filter(
        ~Exists(orders), ~Exists(refunds), ~Exists(payments), state=Campaign.State.ENDED,
        ends_at__lte=at - _SETTLES_AFTER,
    )  # fmt: skip
    return done.update(state=Campaign.State.SETTLED)
