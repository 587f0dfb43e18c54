import json
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from campaigns.errors import OrderRefusal, RefundTooLarge
from campaigns.models import (
    BillDifference,
    ItemStock,
    LedgerEntry,
    Order,
    Payment,
    PaymentNotice,
    Refund,
    SandboxRefund,
    SandboxTrade,
)  # fmt: skip
from campaigns.payments import sandbox
from campaigns.payments.provider import BadNotice, ProviderRefused, ProviderUnavailable
from campaigns.payments.registry import provider_named, providers
from campaigns.services import fulfilling, lapsing, reconciling, refund_desk, refund_outbox, refunding
from campaigns.services.cancelling import cancel_order
from campaigns.services.notices import handle_notice, take_notice
from campaigns.services.paying import start_payment
from members.models import Purchase
from members.services.merging import merge_members
from members.services.partitions import BUSINESS_ZONE
from stores.models import AuditEntry
from tests.campaigns.test_claiming import claim
from tests.factories import CampaignFactory, ManagerFactory, MemberFactory

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def started(order, *, at=None):
    return start_payment(order=order, provider=provider_named("sandbox"), at=at or order.reserved_at + MINUTE).payment


def told(payment, *, at):
    """The notice about a paid payment arrives."""
    raw, headers = sandbox.notice_of(trade_no=payment.trade_no, at=at)
    return take_notice(provider=provider_named("sandbox"), raw=raw, headers=headers, at=at)


def paid(order, *, at=None):
    """The member pays in the sandbox, and its notice arrives."""
    at = at or order.reserved_at + MINUTE
    payment = started(order, at=at)
    sandbox.pay(trade_no=payment.trade_no, at=at)
    return told(payment, at=at)


def lapse(order, *, at):
    return lapsing.lapse_order(order_id=order.pk, providers=providers(), at=at)


def drive(*, at, provider=None):
    for key in refund_outbox.due_refunds(at=at, limit=10):
        refund_outbox.drive_refund(refund_id=key, provider=provider or provider_named("sandbox"), at=at)


def handed_over(order, staff):
    """Fetched by its four digits an hour later."""
    order.refresh_from_db()
    at = order.reserved_at + timedelta(hours=1)
    return fulfilling.redeem(store=order.store, staff=staff, said=order.pickup_code, at=at)


def test_a_payment_confirms_its_order_and_gives_it_four_digits():
    order = claim(CampaignFactory())

    notice = paid(order)

    order.refresh_from_db()
    assert (notice.outcome, order.state, order.paid_fen, len(order.pickup_code)) == ("confirmed", "confirmed", 1_990, 4)
    assert list(LedgerEntry.objects.values_list("kind", "amount_fen")) == [("paid", 1_990)]


def test_a_duplicate_notice_books_nothing_more():
    order = claim(CampaignFactory())
    paid(order)

    told(Payment.objects.get(), at=order.reserved_at + 2 * MINUTE)

    assert (LedgerEntry.objects.count(), PaymentNotice.objects.count()) == (1, 1)


def test_a_notice_before_our_commit_is_kept_and_acted_upon_by_the_sweep():
    order = claim(CampaignFactory())
    payment = started(order)
    sandbox.pay(trade_no=payment.trade_no, at=order.reserved_at)
    Payment.objects.filter(pk=payment.pk).update(trade_no="not there yet")

    early = told(payment, at=order.reserved_at)
    Payment.objects.filter(pk=payment.pk).update(trade_no=payment.trade_no)
    later = handle_notice(kept=early, at=order.reserved_at + MINUTE)

    assert (early.handled_at, later.outcome) == (None, "confirmed")


def test_a_notice_about_nothing_of_ours_is_given_up_after_an_hour_with_a_line_in_the_trail():
    order = claim(CampaignFactory())
    payment = started(order)
    sandbox.pay(trade_no=payment.trade_no, at=order.reserved_at)
    Payment.objects.filter(pk=payment.pk).update(trade_no="another")

    kept = told(payment, at=order.reserved_at)
    kept = handle_notice(kept=kept, at=order.reserved_at + 61 * MINUTE)

    assert kept.outcome == "没有这笔支付"
    assert AuditEntry.objects.filter(action="campaign.notice_unknown").count() == 1


def test_a_notice_of_another_sum_moves_nothing_and_leaves_a_line_in_the_trail():
    order = claim(CampaignFactory())
    payment = started(order)
    sandbox.pay(trade_no=payment.trade_no, at=order.reserved_at)
    SandboxTrade.objects.update(amount_fen=1)

    notice = told(payment, at=order.reserved_at)

    order.refresh_from_db()
    assert notice.outcome == "金额不符：应付 1990 分，通知为 1 分"
    assert (order.state, LedgerEntry.objects.count()) == ("reserved", 0)
    assert AuditEntry.objects.filter(action="campaign.notice_wrong_amount").count() == 1


@pytest.mark.parametrize("forgery", ["unsigned", "changed", "replayed"])
def test_a_forged_or_replayed_notice_is_refused_and_noted(forgery, client):
    order = claim(CampaignFactory())
    payment = started(order)
    sandbox.pay(trade_no=payment.trade_no, at=order.reserved_at)
    raw, headers = sandbox.notice_of(trade_no=payment.trade_no, at=order.reserved_at)
    if forgery == "changed":
        raw = json.dumps(json.loads(raw) | {"amount_fen": 1}).encode()
    at = order.reserved_at + (6 * MINUTE if forgery == "replayed" else MINUTE)

    with pytest.raises(BadNotice):
        take_notice(
            provider=provider_named("sandbox"), raw=raw, headers={} if forgery == "unsigned" else headers, at=at
        )  # fmt: skip

    assert (PaymentNotice.objects.count(), LedgerEntry.objects.count()) == (0, 0)
    assert AuditEntry.objects.get().action == "campaign.notice_refused"


def test_the_address_for_notices_answers_a_forged_one_with_401(client):
    answer = client.post("/pay/notify/sandbox/", b"{}", content_type="application/json")

    assert (answer.status_code, answer.json()["message"]) == (401, "验签失败")


def test_a_late_payment_takes_the_goods_again_if_they_are_there():
    order = claim(CampaignFactory(item__quota=1))
    payment = started(order)
    lapse(order, at=order.reserved_at + 16 * MINUTE)

    sandbox.pay(trade_no=payment.trade_no, at=order.reserved_at + 17 * MINUTE)
    notice = told(payment, at=order.reserved_at + 17 * MINUTE)

    order.refresh_from_db()
    assert (notice.outcome, order.state, ItemStock.objects.get().taken) == ("confirmed", "confirmed", 1)


def test_a_late_payment_for_goods_that_are_gone_goes_back_by_itself():
    campaign = CampaignFactory(item__quota=1)
    order = claim(campaign)
    payment = started(order)
    at = order.reserved_at + 17 * MINUTE
    lapse(order, at=at)
    claim(campaign, at=at)

    sandbox.pay(trade_no=payment.trade_no, at=at)
    notice = told(payment, at=at)
    drive(at=at)

    order.refresh_from_db()
    assert (notice.outcome, order.state, order.refunded_fen) == ("refunded", "lapsed", 1_990)
    assert SandboxRefund.objects.get().amount_fen == 1_990


def test_a_lost_notice_is_found_by_asking_before_the_hold_lapses():
    order = claim(CampaignFactory())
    payment = started(order)
    sandbox.pay(trade_no=payment.trade_no, at=order.reserved_at + MINUTE)

    lapsed = lapse(order, at=order.reserved_at + 16 * MINUTE)

    order.refresh_from_db()
    assert (lapsed, order.state) == (False, "confirmed")


def test_money_paid_just_before_a_cancel_whose_notice_was_lost_goes_back():
    order = claim(CampaignFactory())
    payment = started(order)
    sandbox.pay(trade_no=payment.trade_no, at=order.reserved_at + MINUTE)
    cancel_order(order=order, reason="会员取消", cause="cancelled", at=order.reserved_at + 2 * MINUTE)

    for key in lapsing.forlorn_payments(limit=10):
        lapsing.close_payment(payment_id=key, providers=providers(), at=order.reserved_at + 3 * MINUTE)
    drive(at=order.reserved_at + 3 * MINUTE)

    assert SandboxRefund.objects.get().amount_fen == 1_990


class Killed(BaseException):
    pass


class DyingProvider:
    def refund(self, refund):
        provider_named("sandbox").refund(refund)
        raise Killed


def test_a_refund_worker_killed_between_send_and_mark_makes_one_refund_at_the_provider():
    order = claim(CampaignFactory())
    paid(order)
    at = order.reserved_at + 5 * MINUTE
    cancel_order(order=order, reason="会员取消", cause="cancelled", at=at)

    with pytest.raises(Killed):
        drive(at=at, provider=DyingProvider())
    drive(at=at + MINUTE)  # the dead one's lease still holds
    between = Refund.objects.get().state
    drive(at=at + 3 * MINUTE)

    assert (between, Refund.objects.get().state, SandboxRefund.objects.count()) == ("pending", "done", 1)
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == 0


class AwayProvider:
    def refund(self, _refund):
        raise ProviderUnavailable("没有应答")


class RefusingProvider:
    def refund(self, _refund):
        raise ProviderRefused("账户已注销")


def test_a_refund_is_tried_again_with_growing_pauses_and_waits_for_a_person_after_a_final_no():
    order = claim(CampaignFactory())
    paid(order)
    at = order.reserved_at + 5 * MINUTE
    cancel_order(order=order, reason="会员取消", cause="cancelled", at=at)

    drive(at=at, provider=AwayProvider())
    first = Refund.objects.get()
    drive(at=at + 2 * MINUTE, provider=RefusingProvider())
    second = Refund.objects.get()
    after_no = second.state
    refund_desk.retry_stuck(refund=second, by=ManagerFactory(), at=at + timedelta(days=1))
    drive(at=at + timedelta(days=1))

    assert (first.state, first.next_try_at - at, after_no) == ("pending", 2 * MINUTE, "stuck")
    assert Refund.objects.get().state == "done"


def test_one_cause_is_one_refund_and_no_more_than_was_paid_is_promised():
    order = claim(CampaignFactory())
    paid(order)
    payment = Payment.objects.get()
    promise = {"payment": payment, "cause": "referral:7", "reason": "好友完成首单", "at": order.reserved_at}

    first, second = (refunding.decide_refund(**promise, amount_fen=100) for _ in range(2))
    with pytest.raises(RefundTooLarge):
        refunding.decide_refund(**promise | {"cause": "another"}, amount_fen=1_891)

    assert first == second


def test_the_ledger_refuses_to_be_rewritten():
    paid(claim(CampaignFactory()))

    for change in (lambda: LedgerEntry.objects.update(amount_fen=1), LedgerEntry.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_handing_over_writes_a_purchase_and_what_goes_back_a_negative_one():
    order = claim(CampaignFactory(), quantity=2)
    paid(order)
    staff = ManagerFactory(store=order.store)
    handed_over(order, staff)
    at = order.reserved_at + timedelta(hours=2)

    fulfilling.after_sale(order=order, staff=staff, amount_fen=500, reason="一个坏了", at=at)
    drive(at=at)

    facts = Purchase.objects.order_by("line").values_list("source", "member", "quantity", "paid_fen")
    assert list(facts) == [("campaign", order.member_id, 2, 3_980), ("campaign", order.member_id, 0, -500)]


def test_four_digits_hand_over_once_and_a_code_of_another_store_is_refused_and_noted():
    order = claim(CampaignFactory(), settling="shop")
    staff, stranger = ManagerFactory(store=order.store), ManagerFactory()
    with pytest.raises(OrderRefusal, match="没有这个订单"):
        fulfilling.redeem(store=stranger.store, staff=stranger, said=order.token, at=order.reserved_at)

    done = handed_over(order, staff)

    assert (done.state, done.paid_fen, Payment.objects.get().provider) == ("fulfilled", 1_990, "shop")
    with pytest.raises(OrderRefusal, match="已取货"):
        fulfilling.redeem(store=order.store, staff=staff, said=order.token, at=order.reserved_at)
    assert AuditEntry.objects.get().action == "campaign.other_stores_order"


def test_an_order_completes_a_week_after_it_was_handed_over():
    order = claim(CampaignFactory(), settling="shop")
    done = handed_over(order, ManagerFactory(store=order.store))

    early = fulfilling.complete_order(order_id=done.pk, at=done.fulfilled_at + timedelta(days=6))
    due = fulfilling.due_to_complete(at=done.fulfilled_at + timedelta(days=7), limit=10)
    late = fulfilling.complete_order(order_id=done.pk, at=done.fulfilled_at + timedelta(days=7))

    assert (early, due, late) == (False, [done.pk], True)


def test_who_does_not_fetch_gets_her_money_back():
    campaign = CampaignFactory(pickup_until=datetime(2026, 3, 2, 20, tzinfo=BUSINESS_ZONE))
    order = claim(campaign)
    paid(order)
    at = campaign.ends_at + timedelta(days=1)

    ended = fulfilling.no_show(order_id=order.pk, at=at)
    drive(at=at)

    order.refresh_from_db()
    assert (ended, order.state, order.refunded_fen) == (True, "no_show", 1_990)


def test_every_difference_between_ledger_and_bill_is_listed_once():
    first, second, third = (claim(CampaignFactory(), key=key) for key in "abc")
    for order in (first, second):
        paid(order)
    trade = SandboxTrade.objects.get(trade_no=first.payments.get().trade_no)
    SandboxTrade.objects.filter(pk=trade.pk).update(amount_fen=2_000)
    gone = second.payments.get().trade_no
    SandboxTrade.objects.filter(trade_no=gone).update(state="open")
    unheard = started(third)
    sandbox.pay(trade_no=unheard.trade_no, at=third.reserved_at)

    for _ in range(2):
        reconciling.reconcile_bill(
            provider=provider_named("sandbox"), day=first.reserved_at.date(), at=first.reserved_at + timedelta(days=1)
        )

    assert set(BillDifference.objects.values_list("number", "kind", "ours_fen", "theirs_fen")) == {
        (trade.trade_no, "amount", 1_990, 2_000), (gone, "only_ours", 1_990, None),
        (unheard.trade_no, "only_theirs", None, 1_990),
    }  # fmt: skip


def test_when_members_are_merged_their_orders_move_and_equal_request_keys_stay_apart():
    campaign, kept, absorbed = CampaignFactory(), MemberFactory(), MemberFactory()
    mine, theirs = (claim(campaign, member) for member in (kept, absorbed))

    merge_members(kept=kept, absorbed=absorbed, reason="同一人", evidence={}, by=None, at=campaign.starts_at)

    keys = Order.objects.order_by("pk").values_list("pk", "member", "request_key")
    assert list(keys) == [(mine.pk, kept.pk, "k"), (theirs.pk, kept.pk, f"k:m{absorbed.pk}")]


def test_a_claim_of_a_member_merged_meanwhile_belongs_to_the_survivor():
    campaign, kept, absorbed = CampaignFactory(), MemberFactory(), MemberFactory()
    merge_members(kept=kept, absorbed=absorbed, reason="同一人", evidence={}, by=None, at=campaign.starts_at)

    assert claim(campaign, absorbed).member_id == kept.pk
