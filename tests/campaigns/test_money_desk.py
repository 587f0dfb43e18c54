"""退款与对账: what HQ does about money that did not move by itself; and the provider's word on refunds."""

from datetime import date, timedelta

import pytest
import requests
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns.errors import OrderRefusal
from campaigns.models import BillDifference, HandRefund, LedgerEntry, Order, Refund
from campaigns.payments.provider import BadNotice, BillLine, ProviderRefused
from campaigns.payments.wechat import WeChatProvider
from campaigns.services import reconciling, refund_desk, refund_outbox
from campaigns.services.cancelling import cancel_order
from campaigns.services.notices import take_notice
from campaigns.services.paying import start_payment
from stores.models import AuditEntry
from tests.campaigns.playing import AT, DAY, PROVIDER, bought, order
from tests.campaigns.wechat_fake import Platform
from tests.factories import CampaignFactory, ManagerFactory, StaffFactory

pytestmark = pytest.mark.django_db


class Unwilling:
    """Says a final no."""

    def refund(self, refund):  # noqa: ARG002 -- what a provider is asked
        raise ProviderRefused("用户账户已注销")


@pytest.fixture(autouse=True)
def _cache():
    cache.clear()


@pytest.fixture
def stuck():
    made = bought(CampaignFactory())
    cancel_order(order=made, reason="会员取消", cause="cancelled", at=AT)
    return refund_outbox.drive_refund(refund_id=Refund.objects.get().pk, provider=Unwilling(), at=AT)


@pytest.fixture
def hq():
    return StaffFactory(name="李总")


def act(client, refund, deed, **fields):
    return client.post(f"/campaigns/money/refunds/{refund.pk}/{deed}/", fields, follow=True).content.decode()


def test_a_stuck_refund_is_listed_with_the_providers_reason_and_counted_on_the_list(client, hq, stuck):
    client.force_login(hq)

    page = client.get("/campaigns/money/refunds/").content.decode()

    assert "用户账户已注销" in page
    assert stuck.key in page
    assert "1 笔退款要人工处理" in client.get("/campaigns/").content.decode()


def test_trying_again_goes_out_under_the_same_number_and_is_audited(client, hq, stuck):
    client.force_login(hq)

    assert "已重新提交" in act(client, stuck, "retry")

    done = refund_outbox.drive_refund(refund_id=stuck.pk, provider=PROVIDER, at=timezone.now())
    assert (done.state, done.key, done.tries) == ("done", stuck.key, 1)
    assert AuditEntry.objects.get(action="campaign.refund_retried").actor == hq
    assert "不用处理了" in act(client, stuck, "retry")


def test_paid_back_by_hand_is_booked_once_a_second_person_has_looked(client, hq, stuck):
    client.force_login(hq)
    assert "已登记" in act(client, stuck, "by-hand", way="银行转账 2026030299")
    assert "不能自己复核" in act(client, stuck, "confirm")
    assert not LedgerEntry.objects.filter(kind="refunded").exists()
    client.force_login(StaffFactory(name="赵会计"))

    page = act(client, stuck, "confirm")

    assert "赵会计" in page
    assert Order.objects.get().refunded_fen == 1_990
    assert list(LedgerEntry.objects.order_by("pk").values_list("amount_fen", flat=True)) == [1_990, -1_990]
    trail = AuditEntry.objects.filter(action__startswith="campaign.refund_by_hand").order_by("pk")
    assert [(each.action, each.actor.name) for each in trail] == [
        ("campaign.refund_by_hand_said", "李总"), ("campaign.refund_by_hand_confirmed", "赵会计"),
    ]  # fmt: skip
    assert "不用处理了" in act(client, stuck, "confirm")


def test_what_is_noted_as_paid_by_hand_is_not_tried_again_until_it_is_taken_back(hq, stuck):
    refund_desk.say_paid_by_hand(refund=stuck, by=hq, way="现金", at=AT)

    with pytest.raises(OrderRefusal, match="等复核"):
        refund_desk.retry_stuck(refund=stuck, by=hq, at=AT)

    refund_desk.take_back(refund=stuck, by=hq, at=AT)
    assert refund_desk.retry_stuck(refund=stuck, by=hq, at=AT).state == "pending"


@pytest.mark.parametrize("way", ["", "   "])
def test_by_hand_says_how(hq, stuck, way):
    with pytest.raises(OrderRefusal, match="写明怎么退的"):
        refund_desk.say_paid_by_hand(refund=stuck, by=hq, way=way, at=AT)


def test_the_database_itself_wants_two_people(hq, stuck):
    with pytest.raises(IntegrityError, match="two_people_see"), transaction.atomic():
        HandRefund.objects.create(
            refund=stuck, way="现金", said_by=hq, said_at=AT, confirmed_by=hq, confirmed_at=AT
        )  # fmt: skip


def test_a_refund_paid_by_hand_is_no_difference_and_one_that_went_out_as_well_is(hq, stuck):
    refund_desk.say_paid_by_hand(refund=stuck, by=hq, way="现金", at=AT)
    refund_desk.confirm_paid_by_hand(refund=stuck, by=StaffFactory(), at=AT)
    day = AT.date()

    assert reconciling.reconcile_bill(provider=PROVIDER, day=day, at=AT + DAY).differences == 0

    class Twice:
        key = "sandbox"

        def bill(self, asked):
            return [*PROVIDER.bill(asked), BillLine(stuck.key, -1_990)] if asked == day else []

    reconciling.reconcile_bill(provider=Twice(), day=day, at=AT + DAY)
    assert list(BillDifference.objects.values_list("number", "kind")) == [(stuck.key, "only_theirs")]


def difference(number, *, day=date(2026, 3, 2), **fields):
    return BillDifference.objects.create(
        **{"provider": "sandbox", "day": day, "number": number, "kind": "only_ours", "ours_fen": 990, "found_at": AT}
        | fields
    )


def test_differences_are_listed_by_day_and_settled_with_a_word(client, hq):
    first, second = difference("P1"), difference("P2", day=date(2026, 3, 1))
    client.force_login(hq)
    page = client.get("/campaigns/money/differences/").content.decode()
    assert page.index("3月2日 账单") < page.index("P1") < page.index("3月1日 账单") < page.index("P2")
    assert "P2" not in client.get("/campaigns/money/differences/?day=2026-03-02").content.decode()

    client.post(f"/campaigns/money/differences/{first.pk}/settle/", {"note": " "})
    client.post(f"/campaigns/money/differences/{second.pk}/settle/", {"note": "渠道次日入账"})

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.settled_at, second.note, second.settled_by) == (None, "渠道次日入账", hq)
    settled = client.get("/campaigns/money/differences/?show=settled").content.decode()
    assert "渠道次日入账" in settled
    assert "P1" not in settled


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_take_the_same_queries_for_any_number(client, hq, count, django_assert_num_queries):
    for number in range(count):
        difference(f"P{number}")
        made = bought(CampaignFactory())
        cancel_order(order=made, reason="会员取消", cause="cancelled", at=AT)
        refund = Refund.objects.latest("pk")
        refund_outbox.drive_refund(refund_id=refund.pk, provider=Unwilling(), at=AT)
        refund_desk.say_paid_by_hand(refund=refund, by=hq, way="现金", at=AT)
    client.force_login(hq)

    with django_assert_num_queries(8):
        client.get("/campaigns/money/refunds/")
    with django_assert_num_queries(7):
        client.get("/campaigns/money/differences/")


@pytest.mark.parametrize("path", ["refunds/", "differences/"])
def test_a_manager_has_no_such_page(client, path):
    client.force_login(ManagerFactory())

    assert client.get(f"/campaigns/money/{path}").status_code == 404


def test_a_manager_cannot_touch_a_refund(client, stuck):
    client.force_login(ManagerFactory())

    answers = [client.post(f"/campaigns/money/refunds/{stuck.pk}/{deed}/").status_code
               for deed in ("retry", "by-hand", "confirm", "nonsense")]  # fmt: skip

    assert answers == [404] * 4
    stuck.refresh_from_db()
    assert stuck.state == "stuck"


@pytest.fixture
def platform(monkeypatch):
    made = Platform()
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", made.send)
    return made


@pytest.fixture
def sent(platform):
    """A refund WeChat has taken and not finished."""
    provider = WeChatProvider(platform.merchant)
    started = start_payment(order=order(CampaignFactory()), provider=provider, at=AT, openid="o1").payment
    tell(platform, provider, platform.notice("TRANSACTION.SUCCESS", platform.paid(started.trade_no, total=1_990)))
    cancel_order(order=started.order, reason="会员取消", cause="cancelled", at=AT)
    return provider, refund_outbox.drive_refund(refund_id=Refund.objects.get().pk, provider=provider, at=AT)


def tell(platform, provider, raw, **signing):
    headers = platform.signed(raw, **signing)
    return take_notice(provider=provider, raw=raw.encode(), headers=headers, at=timezone.now()).outcome


def refund_notice(platform, refund, event="SUCCESS", *, amount=1_990, notice_id=None):
    return platform.notice(f"REFUND.{event}", {
        "mchid": "1900000109", "out_refund_no": refund.key, "refund_id": "50", "refund_status": event,
        "success_time": "2026-03-02T11:00:00+08:00", "amount": {"refund": amount, "total": 1_990},
    }, notice_id=notice_id)  # fmt: skip


def test_the_same_refund_notice_twice_books_once(platform, sent):
    provider, refund = sent
    raw = refund_notice(platform, refund, notice_id="EV-1")

    assert [tell(platform, provider, raw) for _ in range(2)] == ["已退款", "已退款"]
    assert LedgerEntry.objects.filter(kind="refunded").count() == 1


@pytest.mark.parametrize("event", ["ABNORMAL", "CLOSED"])
def test_a_refund_the_platform_gave_up_waits_for_a_person(platform, sent, event):
    provider, refund = sent

    assert tell(platform, provider, refund_notice(platform, refund, event)) == "退款失败"

    refund.refresh_from_db()
    assert (refund.state, refund.error) == ("stuck", "渠道退款失败，请到商户平台查看原因")
    assert not LedgerEntry.objects.filter(kind="refunded").exists()


def test_a_failure_told_after_the_money_was_back_changes_nothing(platform, sent):
    provider, refund = sent
    tell(platform, provider, refund_notice(platform, refund))

    tell(platform, provider, refund_notice(platform, refund, "ABNORMAL"))

    refund.refresh_from_db()
    assert refund.state == "done"


def test_a_refund_notice_of_another_sum_or_signed_by_nobody_books_nothing(platform, sent):
    provider, refund = sent
    assert tell(platform, provider, refund_notice(platform, refund, amount=1)) == ""

    raw = refund_notice(platform, refund)
    with pytest.raises(BadNotice):
        take_notice(provider=provider, raw=raw.replace("SUCCESS", "SUCCEED").encode(),
                    headers=platform.signed(raw), at=timezone.now())  # fmt: skip
    with pytest.raises(BadNotice):
        tell(platform, provider, raw, at=timezone.now() - timedelta(minutes=6))

    refund.refresh_from_db()
    assert (refund.state, LedgerEntry.objects.filter(kind="refunded").count()) == ("sent", 0)
