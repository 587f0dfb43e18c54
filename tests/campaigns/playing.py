"""拼团 and 1元购 in tests: campaigns with their terms, members who order, pay and are told about it."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from campaigns.models import (
    Campaign,
    CampaignItem,
    GroupBuyTeam,
    GroupBuyTerms,
    ItemStock,
    LedgerEntry,
    OneYuanTerms,
    Order,
    Payment,
    Refund,
)
from campaigns.payments.sandbox import SandboxProvider, notice_of, pay
from campaigns.services.claiming import Wanted, reserve
from campaigns.services.fulfilling import complete_order, redeem
from campaigns.services.lapsing import due_orders, lapse_order
from campaigns.services.notices import take_notice
from campaigns.services.paying import start_payment
from campaigns.services.refund_outbox import drive_refund, due_refunds
from members.models import Member
from members.services.partitions import BUSINESS_ZONE
from tests.factories import CampaignFactory, MemberFactory, ProductFactory, StaffFactory

AT = datetime(2026, 3, 2, 10, tzinfo=BUSINESS_ZONE)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PROVIDER = SandboxProvider()
_keys = itertools.count(1)


def group_buy(*, size: int = 3, quota: int = 100, form_minutes: int = 120, item: dict[str, Any] | None = None,
              terms: dict[str, Any] | None = None, **fields: Any) -> Campaign:  # fmt: skip
    """A 拼团 at 9.90 instead of 15.90, live from 10:00 to 20:00."""
    goods = {"name": "草莓", "price_fen": 990, "list_price_fen": 1_590, "quota": quota} | (item or {})
    campaign = CampaignFactory(
        **{"play": Campaign.Play.GROUP_BUY, "settling": Campaign.Settling.ONLINE} | fields,
        **{f"item__{name}": value for name, value in goods.items()},
    )
    GroupBuyTerms.objects.create(campaign=campaign, size=size, form_minutes=form_minutes, **(terms or {}))
    return campaign


def one_yuan(*, quota: int = 100, terms: dict[str, Any] | None = None, **fields: Any) -> Campaign:
    """A 1元购 of one offer listed at 12.90, with pears at 20.40 to add; pick-up or delivery."""
    campaign = CampaignFactory(
        **{
            "play": Campaign.Play.ONE_YUAN, "settling": Campaign.Settling.ONLINE, "delivers": True,
            "audience": Campaign.Audience.NEWCOMERS, "ends_at": AT + 30 * DAY,
        } | fields,
        item__name="小番茄", item__price_fen=100, item__list_price_fen=1_290, item__quota=quota,
    )  # fmt: skip
    OneYuanTerms.objects.create(campaign=campaign, **(terms or {}))
    campaign.pears = CampaignItem.objects.create(
        campaign=campaign, product=ProductFactory(), name="秋月梨", part=CampaignItem.Part.ADD_ON, price_fen=2_040,
        position=1,
    )  # fmt: skip
    ItemStock.objects.create(item=campaign.pears, store=campaign.store, quota=quota)
    return campaign


def order(campaign: Campaign, member: Member | None = None, *, at: datetime = AT, team: GroupBuyTeam | None = None,
          add_on: int = 0, **fields: Any) -> Order:  # fmt: skip
    """Reserve one of the campaign's offer."""
    wanted = [Wanted(campaign.item.pk)]
    if add_on:
        wanted.append(Wanted(campaign.pears.pk, add_on))
    extra = {"team": team.token} if team is not None else {}
    return reserve(
        **{
            "campaign": campaign, "store": campaign.store, "member": member or MemberFactory(), "wanted": wanted,
            "request_key": f"k{next(_keys)}", "settling": "online", "at": at, "extra": extra,
        } | fields
    )  # fmt: skip


def opened(made: Order, *, at: datetime = AT) -> Payment:
    """The payment page was opened; nothing is paid."""
    return start_payment(order=made, provider=PROVIDER, at=at).payment


def tell(payment: Payment, *, paid_at: datetime = AT, at: datetime | None = None) -> str:
    """The member paid and the provider tells; what came of it."""
    pay(trade_no=payment.trade_no, at=paid_at)
    return take_again(payment, at=at or paid_at)


def take_again(payment: Payment, *, at: datetime = AT) -> str:
    """The notice of a paid payment, once more: always the same one."""
    raw, headers = notice_of(trade_no=payment.trade_no, at=at)
    return take_notice(provider=PROVIDER, raw=raw, headers=headers, at=at).outcome


def paid(made: Order, *, at: datetime = AT) -> Order:
    """Pay an order and be told at once."""
    tell(opened(made, at=at), paid_at=at)
    made.refresh_from_db()
    return made


def bought(campaign: Campaign, member: Member | None = None, *, at: datetime = AT, **fields: Any) -> Order:
    """Reserve and pay."""
    return paid(order(campaign, member, at=at, **fields), at=at)


def team_of(made: Order) -> GroupBuyTeam:
    """The team an order sits in, as it is now."""
    return GroupBuyTeam.objects.get(seats__order=made)


def seat_states(team: GroupBuyTeam) -> list[str]:
    """The states of a team's seats in order of joining."""
    return list(team.seats.order_by("pk").values_list("state", flat=True))


def lapse(*, at: datetime) -> None:
    """The sweep over holds that ran out."""
    for order_id in due_orders(at=at, limit=1_000):
        lapse_order(order_id=order_id, providers={"sandbox": PROVIDER}, at=at)


def drive(*, at: datetime) -> None:
    """The outbox sends what is due, and the members' money is back."""
    for refund_id in due_refunds(at=at, limit=10_000):
        drive_refund(refund_id=refund_id, provider=PROVIDER, at=at)


def handed_over(made: Order, *, at: datetime) -> Order:
    """The member fetched it."""
    made.refresh_from_db()
    redeem(store=made.store, staff=StaffFactory(), said=made.pickup_code, at=at)
    made.refresh_from_db()
    return made


def completed(made: Order, *, at: datetime) -> Order:
    """She fetched it at `at`, and eight days later it is completed."""
    handed_over(made, at=at)
    complete_order(order_id=made.pk, at=at + 8 * DAY)
    made.refresh_from_db()
    return made


def money(made: Order) -> tuple[str, int, int]:
    """An order's state, what was paid, and what is promised back."""
    made.refresh_from_db()
    promised = sum(Refund.objects.filter(payment__order=made).values_list("amount_fen", flat=True))
    return made.state, made.paid_fen, promised


def ledger_of(made: Order) -> list[int]:
    """The movements of an order's money."""
    return list(LedgerEntry.objects.filter(order=made).order_by("pk").values_list("amount_fen", flat=True))
