from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from members.models import MatchReview
from metrics.models import RolledDay, TallyDifference
from stores.models import Department
from tests.factories import ManagerFactory, MemberFactory, StaffFactory, StoreFactory
from wecom.models import CallbackEvent, CallbackJob, Drift, GatewayAlert, SyncRun
from wecom.services.alerts import raise_alert

pytestmark = pytest.mark.django_db
PAGE = reverse("dashboard:operations")


@pytest.fixture
def hq(client):
    client.force_login(StaffFactory())
    return client


def dead_letter(number: int = 1) -> CallbackJob:
    at = timezone.now()
    event = CallbackEvent.objects.create(digest=bytes([number]), kind="change_external_chat.update", received_at=at)
    return CallbackJob.objects.create(
        event=event, handler="communities.group_changed", queue="default", state="dead", due_at=at, finished_at=at,
        error="群聊不存在",
    )  # fmt: skip


def test_page_is_for_hq_alone(client):
    client.force_login(ManagerFactory())

    assert client.get(PAGE).status_code == 404
    assert client.post(reverse("dashboard:replay")).status_code == 404
    assert client.post(reverse("dashboard:reconcile_now")).status_code == 404


def test_page_shows_dead_letters_alerts_drift_and_reviews(hq):
    at = timezone.now()
    dead_letter()
    raise_alert(kind="errcode_60020", subject="app", message="服务器 IP 不在企业可信 IP 中", at=at)
    fields = {"started_at": at, "finished_at": at, "leased_until": at, "holder": "0" * 32, "calls": 12}
    Drift.objects.create(run=SyncRun.objects.create(kind="groups", **fields), kind="quit_missing", count=7)
    MatchReview.objects.create(
        member=MemberFactory(name="小满"), other=MemberFactory(name="林小满"), reason="phone", opened_at=at
    )

    page = hq.get(PAGE).content.decode()

    for text in ("群聊不存在", "企业可信 IP", "漏收的退群", "差异 7", "林小满", "员工备注的手机号相同"):
        assert text in page


@pytest.mark.parametrize("count", [1, 3])
def test_page_costs_the_same_queries_for_one_of_everything_and_three(hq, django_assert_num_queries, count):
    at = timezone.now()
    for number in range(count):
        dead_letter(number)
        raise_alert(kind="errcode_60020", subject=f"app{number}", message="告警", at=at)
        MatchReview.objects.create(member=MemberFactory(), other=MemberFactory(), reason="phone", opened_at=at)
        Department.objects.create(pk=number + 2, parent_number=1)

    with django_assert_num_queries(16):
        hq.get(PAGE)


def test_dead_letter_is_replayed(hq):
    job = dead_letter()

    hq.post(reverse("dashboard:replay"), {"job": job.pk})

    job.refresh_from_db()
    assert (job.state, job.attempts) == ("waiting", 0)


def test_alert_is_cleared(hq):
    raise_alert(kind="errcode_60020", subject="app", message="告警", at=timezone.now())
    alert = GatewayAlert.objects.get()

    hq.post(reverse("dashboard:clear_alert", args=[alert.pk]))

    alert.refresh_from_db()
    assert alert.cleared_at is not None


def test_review_is_decided_once(hq):
    review = MatchReview.objects.create(
        member=MemberFactory(), other=MemberFactory(), reason="unionid", opened_at=timezone.now()
    )
    url = reverse("dashboard:decide_review", args=[review.pk])

    hq.post(url, {"same": "no"})
    page = hq.post(url, {"same": "yes"}, follow=True).content.decode()

    review.refresh_from_db()
    assert review.state == "apart"
    assert "已经有人核对过了" in page


def test_page_shows_where_the_tallies_and_the_facts_disagree(hq):
    at, store = timezone.now(), StoreFactory(name="西溪店")
    RolledDay.objects.create(day=date(2026, 3, 10), rolled_at=at, seconds=3, checked_at=at, compared=20)
    TallyDifference.objects.create(
        store=store, day=date(2026, 3, 10), component="paid_fen", kept=1, facts=10_500, found_at=at
    )

    page = hq.get(PAGE).content.decode()

    for text in ("差异 1", "西溪店", "实收（分）", "10,500"):
        assert text in page
