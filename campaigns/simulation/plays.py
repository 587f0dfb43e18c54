"""A sample 拼团 and a sample 1元购 in the demo's store: a team that formed, one that waits, one that was refunded."""

import itertools
from datetime import datetime, timedelta

from campaigns.models import Campaign, CampaignItem, GroupBuyTeam, Order, Referral
from campaigns.payments.sandbox import SandboxProvider, pay
from campaigns.services.claiming import Wanted, reserve
from campaigns.services.group_buy.deciding import NOTICE_GRACE, settle_team, sweep_teams
from campaigns.services.launching import Offer
from campaigns.services.notices import take_notice
from campaigns.services.opening_plays import open_play
from campaigns.services.paying import start_payment
from campaigns.services.refund_outbox import drive_refund, due_refunds
from members.models import Member
from stores.models import Store, StoreProduct

_PROVIDER = SandboxProvider()
_FROM, _TO = 1_000, 2_000  # fen: what is sold for one yuan is listed between these
_MEMBERS = 9
_LONG = timedelta(days=20)


def sample_plays(*, store: Store, at: datetime) -> list[Campaign]:
    """Open both plays and let members take part through the services, paying in the sandbox."""
    shelf = list(StoreProduct.objects.filter(store=store, on_sale=True).select_related("product").order_by("product"))
    return [_group_buy(store, shelf, at), *_one_yuan(store, shelf, at)]


def _group_buy(store: Store, shelf: list[StoreProduct], at: datetime) -> Campaign:
    row = max(shelf, key=lambda one: one.price_fen)
    opened = at - timedelta(hours=4)
    campaign = open_play(
        by=None, play=Campaign.Play.GROUP_BUY, title=f"{row.product.name} 3 人拼团", store=store,
        offers=[Offer(product=row.product, price_fen=row.price_fen * 8 // 10, quota=60, per_member=2)],
        terms={"size": 3, "form_minutes": 150}, starts_at=opened, ends_at=at + timedelta(days=3), at=opened,
        pickup_from=at + timedelta(days=4), pickup_until=at + timedelta(days=4, hours=10),
    )  # fmt: skip
    item = campaign.items.get()
    members = itertools.cycle(Member.objects.filter(home_store=store, merged_into=None).order_by("pk")[:_MEMBERS])
    for seats, begun in ((2, opened), (3, at - timedelta(hours=1)), (2, at - timedelta(minutes=30))):
        token = ""
        for _ in range(seats):
            made = _bought(campaign, store, next(members), [Wanted(item.pk)], extra={"team": token}, at=begun)
            token = GroupBuyTeam.objects.get(seats__order=made).token
        settle_team(team_id=GroupBuyTeam.objects.get(token=token).pk, at=begun)
    sweep_teams(at=at + NOTICE_GRACE)
    for refund_id in due_refunds(at=at + NOTICE_GRACE, limit=_MEMBERS):
        drive_refund(refund_id=refund_id, provider=_PROVIDER, at=at + NOTICE_GRACE)
    return campaign


def _one_yuan(store: Store, shelf: list[StoreProduct], at: datetime) -> list[Campaign]:
    cheap = [one for one in shelf if _FROM <= one.price_fen <= _TO][:4]
    if not cheap:
        return []
    more = [one for one in shelf if one.price_fen > _TO][:4]
    opened = at - timedelta(hours=3)
    campaign = open_play(
        by=None, play=Campaign.Play.ONE_YUAN, title="新会员 1 元购", store=store,
        offers=[
            Offer(product=one.product, price_fen=100, list_price_fen=one.price_fen, quota=30, per_member=1)
            for one in cheap
        ] + [
            Offer(product=one.product, price_fen=one.price_fen, part=CampaignItem.Part.ADD_ON, quota=30, per_order=9)
            for one in more
        ],
        terms={}, starts_at=opened, ends_at=at + _LONG, at=opened, delivers=True, budget_fen=50_000,
        pickup_from=at, pickup_until=at + _LONG + timedelta(days=1),
    )  # fmt: skip
    item = campaign.items.order_by("position").first()
    if item is not None:
        newcomer = Member.objects.create(name="许小姐", home_store=store, joined_at=opened)
        friend = Member.objects.create(name="邱先生", home_store=store, joined_at=opened)
        first = _bought(campaign, store, newcomer, [Wanted(item.pk)], extra={}, at=opened)
        token = Referral.objects.get(order=first).token
        _bought(campaign, store, friend, [Wanted(item.pk)], extra={"referral": token}, at=at - timedelta(hours=1))
    return [campaign]


def _bought(
    campaign: Campaign, store: Store, member: Member, wanted: list[Wanted], *, extra: dict[str, str], at: datetime
) -> Order:
    made = reserve(
        campaign=campaign, store=store, member=member, wanted=wanted, settling=Order.Settling.ONLINE,
        request_key=f"sample{member.pk}-{at:%H%M}", extra=extra, at=at,
    )  # fmt: skip
    payment = start_payment(order=made, provider=_PROVIDER, at=at).payment
    raw, headers = pay(trade_no=payment.trade_no, at=at)
    take_notice(provider=_PROVIDER, raw=raw, headers=headers, at=at)
    return made
