from datetime import UTC, date, datetime, timedelta

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

from campaigns.models import LedgerEntry, Payment, PaymentNotice, Refund
from campaigns.payments.provider import BadNotice, BillLine
from campaigns.payments.wechat import WeChatProvider
from campaigns.services.cancelling import cancel_order
from campaigns.services.notices import take_notice
from campaigns.services.paying import start_payment
from campaigns.services.refund_outbox import drive_refund
from stores.models import AuditEntry
from tests.campaigns.test_claiming import claim
from tests.campaigns.wechat_fake import Platform
from tests.factories import CampaignFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform(monkeypatch):
    made = Platform()
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", made.send)
    return made


@pytest.fixture
def provider(platform):
    return WeChatProvider(platform.merchant)


def opened(provider):
    order = claim(CampaignFactory())
    return start_payment(order=order, provider=provider, at=order.reserved_at, openid="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")


def tell(provider, raw, headers):
    return take_notice(provider=provider, raw=raw.encode(), headers=headers, at=timezone.now())


def test_a_payment_is_opened_with_our_sum_and_the_phone_gets_signed_parameters(platform, provider):
    started = opened(provider)

    asked = platform.trades[started.payment.trade_no]
    assert (asked["amount"], asked["payer"]) == (
        {"total": 1_990, "currency": "CNY"},
        {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
    )
    assert started.prepared.jsapi["package"] == "prepay_id=wx201410272009395522657a690389285100"
    assert len(started.prepared.jsapi["paySign"]) > 300


def test_a_signed_notice_settles_its_payment_and_a_second_one_changes_nothing(platform, provider):
    payment = opened(provider).payment
    raw = platform.notice("TRANSACTION.SUCCESS", platform.paid(payment.trade_no, total=1_990))

    outcomes = [tell(provider, raw, platform.signed(raw)).outcome for _ in range(2)]

    assert outcomes == ["confirmed", "confirmed"]
    assert (PaymentNotice.objects.count(), LedgerEntry.objects.count()) == (1, 1)


@pytest.mark.parametrize("forgery", ["unsigned", "foreign key", "changed body", "old", "other merchant"])
def test_a_notice_nobody_vouches_for_moves_nothing_and_leaves_a_line_in_the_trail(platform, provider, forgery):
    payment = opened(provider).payment
    changed = {"mchid": "1900000110"} if forgery == "other merchant" else {}
    raw = platform.notice("TRANSACTION.SUCCESS", platform.paid(payment.trade_no, total=1_990, **changed))
    headers = {
        "unsigned": {"Wechatpay-Timestamp": str(int(timezone.now().timestamp()))},
        "foreign key": platform.signed(raw, key=rsa.generate_private_key(65_537, 2048)),
        "changed body": platform.signed(raw),
        "old": platform.signed(raw, at=timezone.now() - timedelta(minutes=6)),
        "other merchant": platform.signed(raw),
    }[forgery]

    with pytest.raises(BadNotice):
        tell(provider, raw.replace("summary", "Summary") if forgery == "changed body" else raw, headers)

    assert Payment.objects.get().state == "open"
    assert AuditEntry.objects.filter(action="campaign.notice_refused").count() == 1


def test_a_new_platform_certificate_is_fetched_when_a_notice_is_signed_with_it(platform, provider):
    payment = opened(provider).payment
    platform.rotate()
    raw = platform.notice("TRANSACTION.SUCCESS", platform.paid(payment.trade_no, total=1_990))

    assert tell(provider, raw, platform.signed(raw)).outcome == "confirmed"


def test_made_up_serial_numbers_have_certificates_fetched_once_a_minute_at_most(platform, provider):
    opened(provider)
    raw = platform.notice("TRANSACTION.SUCCESS", platform.paid("P1", total=1))
    before = platform.asked.count(("GET", "/v3/certificates"))

    for serial in ("AB", "CD", "EF"):
        with pytest.raises(BadNotice):
            tell(provider, raw, platform.signed(raw, serial=serial))

    assert platform.asked.count(("GET", "/v3/certificates")) == before + 1


def test_a_refund_under_way_is_asked_for_under_its_one_number_until_the_platform_says_done(platform, provider):
    payment = opened(provider).payment
    raw = platform.notice("TRANSACTION.SUCCESS", platform.paid(payment.trade_no, total=1_990))
    tell(provider, raw, platform.signed(raw))
    cancel_order(order=payment.order, reason="会员取消", cause="cancelled", at=timezone.now())
    refund = Refund.objects.get()

    states = []
    for minutes in (0, 10, 40):
        at = timezone.now() + timedelta(minutes=minutes)
        states.append(drive_refund(refund_id=refund.pk, provider=provider, at=at).state)
        if minutes == 10:
            platform.refunds[refund.key] |= {"status": "SUCCESS", "success_time": "2026-03-02T11:00:00+08:00"}

    assert states == ["sent", "sent", "done"]
    assert list(platform.refunds) == [refund.key]
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == 0


def test_the_platforms_word_that_a_refund_is_done_books_it_once(platform, provider):
    payment = opened(provider).payment
    raw = platform.notice("TRANSACTION.SUCCESS", platform.paid(payment.trade_no, total=1_990))
    tell(provider, raw, platform.signed(raw))
    cancel_order(order=payment.order, reason="会员取消", cause="cancelled", at=timezone.now())
    refund = Refund.objects.get()
    told = {
        "mchid": "1900000109", "out_refund_no": refund.key, "refund_id": "50", "refund_status": "SUCCESS",
        "success_time": "2026-03-02T11:00:00+08:00", "amount": {"refund": 1_990, "total": 1_990},
    }  # fmt: skip

    for _ in range(2):
        raw = platform.notice("REFUND.SUCCESS", told)
        tell(provider, raw, platform.signed(raw))

    refund.refresh_from_db()
    assert (refund.state, LedgerEntry.objects.filter(kind="refunded").count()) == ("done", 1)


def test_looking_up_tells_a_payment_received_from_one_that_is_not(platform, provider):
    payment = opened(provider).payment
    unknown = Payment(trade_no="P404")

    before = provider.look_up(payment)
    platform.trades[payment.trade_no]["now"] = platform.paid(payment.trade_no, total=1_990)
    after = provider.look_up(payment)

    assert (before, provider.look_up(unknown)) == (None, None)
    assert (after.amount_fen, after.paid_at.astimezone(UTC)) == (1_990, datetime(2026, 3, 2, 2, 1, tzinfo=UTC))


def test_closing_what_was_never_opened_there_is_no_fault(platform, provider):
    payment = opened(provider).payment

    provider.close(payment)
    provider.close(Payment(trade_no="P404"))

    assert platform.trades[payment.trade_no]["closed"]


def test_the_bill_is_read_line_by_line_until_its_summary(platform, provider):
    platform.bill_text = (
        "交易时间,微信订单号,商户订单号,交易状态,微信退款单号,商户退款单号,订单金额,申请退款金额\n"
        "`2026-03-02 10:01:00,`42001,`P1,`SUCCESS,`0,`0,`19.90,`0.00\n"
        "`2026-03-02 11:00:00,`42001,`P1,`REFUND,`5001,`R1,`19.90,`5.05\n"
        "总交易单数,应结订单总金额,退款总金额\n"
        "`2,`19.90,`5.05\n"
    )

    assert provider.bill(date(2026, 3, 2)) == [BillLine("P1", 1_990, "42001"), BillLine("R1", -505, "5001")]
