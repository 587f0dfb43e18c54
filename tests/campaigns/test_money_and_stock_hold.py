"""Whatever happens in whatever order: nothing oversold, no number skipped, no fen stranded."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaigns.errors import CampaignRefusal
from campaigns.models import (
    ChainEntry,
    ChainUnit,
    ItemStock,
    LedgerEntry,
    Order,
    OrderLine,
    Refund,
    SandboxRefund,
    SandboxTrade,
)
from campaigns.payments import sandbox
from campaigns.payments.provider import ProviderRefused
from campaigns.payments.registry import provider_named, providers
from campaigns.services import fulfilling, lapsing, launching, stopping, waiting
from campaigns.services.cancelling import cancel_by_member
from campaigns.services.claiming import Wanted, reserve
from campaigns.services.notices import take_notice
from campaigns.services.paying import start_payment
from campaigns.services.refund_outbox import drive_refund, due_refunds
from tests.factories import CampaignFactory, ManagerFactory, MemberFactory, ProductFactory

HOLDING = ("reserved", "confirmed", "fulfilled", "completed", "returned")
KEPT = ("reserved", "confirmed", "fulfilled", "completed", "returned")
ENDED = ("cancelled", "lapsed", "no_show")


class Killed(BaseException):
    """The worker died here."""


class DyingProvider:
    """Sends the refund, and dies before anybody hears of it."""

    def refund(self, refund):
        provider_named("sandbox").refund(refund)
        raise Killed


class Market(RuleBasedStateMachine):
    orders = Bundle("orders")
    letters = Bundle("letters")

    def __init__(self):
        super().__init__()
        self._world = transaction.atomic()  # each example in a world of its own
        self._world.__enter__()
        self.campaign = CampaignFactory(item__quota=4, hold_minutes=5)
        pieces = [launching.Piece(weight_g=2_000, price_fen=15_900) for _ in range(2)]
        offer = launching.Offer(product=ProductFactory(), price_fen=0, name="榴莲", pieces=pieces)
        self.durian = launching.add_item(campaign=self.campaign, stores=[self.campaign.store], offer=offer)
        self.members = [MemberFactory(home_store=self.campaign.store) for _ in range(3)]
        self.staff = ManagerFactory(store=self.campaign.store)
        self.at = self.campaign.starts_at
        self.requests = 0

    def _claim(self, member, wanted, settling):
        self.requests += 1
        try:
            order = reserve(
                campaign=self.campaign, store=self.campaign.store, member=self.members[member], wanted=[wanted],
                request_key=f"r{self.requests}", settling=settling, at=self.at,
            )  # fmt: skip
        except CampaignRefusal:
            return multiple()
        return order.pk

    @rule(
        target=orders,
        member=st.integers(0, 2),
        quantity=st.integers(1, 3),
        settling=st.sampled_from(["online", "shop"]),
    )
    def claim_some(self, member, quantity, settling):
        return self._claim(member, Wanted(self.campaign.item.pk, quantity), settling)

    @rule(target=orders, member=st.integers(0, 2), piece=st.integers(0, 1))
    def claim_a_piece(self, member, piece):
        unit = ChainUnit.objects.filter(stock__item=self.durian).order_by("number")[piece]
        return self._claim(member, Wanted(self.durian.pk, 1, unit.pk), "online")

    @rule(member=st.integers(0, 2), durian=st.booleans())
    def wait(self, member, durian):
        item = self.durian if durian else self.campaign.item
        stock = ItemStock.objects.select_related("item__campaign").get(item=item)
        try:
            waiting.join_queue(stock=stock, member=self.members[member], quantity=1, at=self.at)
        except CampaignRefusal:
            return

    @rule(target=orders)
    def an_offer_made(self):
        offered = Order.objects.filter(campaign=self.campaign, offered_to__state="offered").order_by("pk").first()
        return offered.pk if offered else multiple()

    @rule(target=letters, order=orders)
    def pay(self, order):
        try:
            started = start_payment(order=Order.objects.get(pk=order), provider=provider_named("sandbox"), at=self.at)
        except (CampaignRefusal, ProviderRefused):
            return multiple()
        sandbox.pay(trade_no=started.payment.trade_no, at=self.at)
        return started.payment.trade_no

    @rule(letter=letters)
    def a_notice_arrives(self, letter):
        self._tell(letter)

    @rule(letter=consumes(letters))
    def a_notice_is_lost(self, letter):
        """The sweep's look-up has to find the money."""

    def _tell(self, letter):
        raw, headers = sandbox.notice_of(trade_no=letter, at=self.at)
        take_notice(provider=provider_named("sandbox"), raw=raw, headers=headers, at=self.at)

    @rule(order=orders)
    def cancel(self, order):
        found = Order.objects.select_related("campaign", "member").get(pk=order)
        try:
            cancel_by_member(order=found, member=found.member, at=self.at)
        except CampaignRefusal:
            return

    @rule(order=orders)
    def fetch(self, order):
        try:
            fulfilling.hand_over(order=Order.objects.get(pk=order), staff=self.staff, at=self.at)
        except CampaignRefusal:
            return

    @rule(order=orders, fen=st.integers(1, 8_000))
    def give_some_back(self, order, fen):
        try:
            fulfilling.after_sale(
                order=Order.objects.get(pk=order), staff=self.staff, amount_fen=fen, reason="坏果", at=self.at
            )
        except CampaignRefusal:
            return

    @rule(minutes=st.integers(1, 4))
    def time_passes(self, minutes):
        self.at += timedelta(minutes=minutes)

    @rule()
    def sweep(self):
        for key in lapsing.due_orders(at=self.at, limit=100):
            lapsing.lapse_order(order_id=key, providers=providers(), at=self.at)
        for key in lapsing.forlorn_payments(limit=100):
            lapsing.close_payment(payment_id=key, providers=providers(), at=self.at)

    @precondition(lambda self: self.requests > 8)
    @rule()
    def kill(self):
        launching.kill(campaign=self.campaign, by=self.staff, reason="价格写错", at=self.at)

    @rule()
    def clear_what_was_stopped(self):
        for key in stopping.stopped_campaigns(limit=100):
            stopping.clear_stopped(campaign_id=key, at=self.at)

    @rule(dies=st.booleans())
    def send_refunds(self, dies):
        for key in due_refunds(at=self.at, limit=100):
            name = Refund.objects.get(pk=key).payment.provider
            try:
                provider = DyingProvider() if dies and name == "sandbox" else provider_named(name)
                drive_refund(refund_id=key, provider=provider, at=self.at)
            except Killed:
                continue

    @invariant()
    def nothing_is_oversold(self):
        for stock in ItemStock.objects.filter(item__campaign=self.campaign):
            lines = OrderLine.objects.filter(stock=stock, order__state__in=HOLDING)
            held = lines.aggregate(sum=Sum("quantity"))["sum"] or 0
            assert stock.taken == held <= stock.quota
            free = ChainUnit.objects.filter(stock=stock, order=None).count()
            assert not stock.item.by_piece or free == stock.quota - held

    @invariant()
    def numbers_have_no_gaps(self):
        numbers = list(ChainEntry.objects.filter(board__campaign=self.campaign).values_list("number", flat=True))
        assert sorted(numbers) == list(range(1, len(numbers) + 1))

    @invariant()
    def every_fen_is_accounted_for(self):
        for order in Order.objects.filter(campaign=self.campaign):
            promised = Refund.objects.filter(payment__order=order).aggregate(sum=Sum("amount_fen"))["sum"] or 0
            back = (
                Refund.objects.filter(payment__order=order, state="done").aggregate(sum=Sum("amount_fen"))["sum"] or 0
            )
            ledger = LedgerEntry.objects.filter(order=order).aggregate(sum=Sum("amount_fen"))["sum"] or 0
            assert ledger == order.paid_fen - order.refunded_fen
            assert order.refunded_fen == back
            if order.state in ENDED:
                assert order.paid_fen == promised
            elif order.state == "reserved":
                assert (order.paid_fen, promised) == (0, 0)

    def teardown(self):
        try:
            self.the_provider_agrees_in_the_end()
        finally:
            transaction.set_rollback(True)
            self._world.__exit__(None, None, None)

    def the_provider_agrees_in_the_end(self):
        """In the end the provider holds what the orders that stand have paid, and has refunded each once."""
        self.at += timedelta(hours=2)
        self.sweep()
        for _ in range(3):
            self.at += timedelta(hours=7)
            self.send_refunds(dies=False)
        orders = Order.objects.filter(campaign=self.campaign)
        trades = SandboxTrade.objects.filter(
            state="paid", trade_no__in=orders.filter(payments__provider="sandbox").values("payments__trade_no")
        )
        got = trades.aggregate(sum=Sum("amount_fen"))["sum"] or 0
        back = SandboxRefund.objects.filter(trade__in=trades).aggregate(sum=Sum("amount_fen"))["sum"] or 0
        ledger = LedgerEntry.objects.filter(order__in=orders, payment__provider="sandbox")
        assert got - back == (ledger.aggregate(sum=Sum("amount_fen"))["sum"] or 0)
        assert not Refund.objects.filter(payment__order__in=orders).exclude(state="done").exists()
        kept = orders.filter(state__in=KEPT)
        for order in kept:
            sold = order.total_fen if order.paid_fen else 0
            after_sale = Refund.objects.filter(payment__order=order, cause__startswith="after_sale")
            given = after_sale.aggregate(sum=Sum("amount_fen"))["sum"] or 0
            assert order.paid_fen - order.refunded_fen == sold - given


@pytest.mark.django_db
def test_no_interleaving_oversells_skips_a_number_or_strands_a_fen():
    run_state_machine_as_test(
        Market,
        settings=settings(
            max_examples=30, phases=[Phase.generate], stateful_step_count=30, deadline=None, database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )  # fmt: skip
