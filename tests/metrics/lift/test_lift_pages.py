"""Asking for a lift study over real rows, and reading the answer."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import time_machine

from communities.models import GroupMembership
from members.models import Purchase
from members.services.partitions import ensure_partitions
from metrics.models import LiftStudy
from metrics.services import lifting
from tests.factories import (
    CustomerGroupFactory,
    GuideFactory,
    ManagerFactory,
    MemberFactory,
    ProductFactory,
    RegionFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
)

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
FIRST, LAST = date(2026, 1, 1), date(2026, 8, 28)
NOW = datetime(2026, 9, 1, 10, tzinfo=ZONE)
DAYS = (LAST - FIRST).days + 1


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def noon(day):
    return datetime(2026, 1, 1, 12, tzinfo=ZONE) + timedelta(days=day)


def shop_with_groups(*, joiners=70, others=130):
    """A store whose members come each week; who joins on a visit around day 120 pays 30 yuan then, 20 before."""
    store = StoreFactory()
    group, product = CustomerGroupFactory(store=store), ProductFactory()
    ensure_partitions(months=[date(2026, month, 1) for month in range(1, 9)])
    dice, lines = np.random.default_rng(3), []
    for n in range(joiners + others):
        member = MemberFactory(home_store=store, joined_at=noon(-400))
        visits = [day + int(dice.integers(0, 7)) for day in range(0, DAYS - 6, 7)]
        joined = visits[16 + n % 3] if n < joiners else None
        if joined is not None:
            GroupMembership.objects.create(
                group=group, member=member, who=member.pk.to_bytes(16, "big"), joined_at=noon(joined)
            )
        for day in visits:
            paid = 3000 if joined is not None and day > joined else 2000
            lines.append(
                Purchase(
                    store=store, member=member, product=product, source="pos", receipt=f"{n}-{day}", line=1,
                    bought_at=noon(day), quantity=1, paid_fen=paid + int(dice.integers(-100, 100)),
                )
            )  # fmt: skip
    Purchase.objects.bulk_create(lines)
    return store


def asked(person, **fields):
    return lifting.ask_for_lift(by=person, **{"first": FIRST, "last": LAST, "at": NOW} | fields)


def test_study_finds_what_joining_added_and_the_page_says_so(client):
    store, hq = shop_with_groups(), StaffFactory()
    StoreFactory(region=store.region)
    client.force_login(hq)
    study = lifting.work_out(study_id=asked(hq).pk, at=NOW)

    page = client.get(f"/metrics/lift/{study.pk}/").content.decode()

    assert study.state == LiftStudy.State.DONE
    assert study.figures["lift"]["ratio"]["value"] == pytest.approx(1.5, abs=0.05)
    assert (study.figures["stores"], study.figures["stores_read"], study.figures["joiners"]) == (2, 1, 70)
    assert study.figures["is_sound"], study.figures["lift"]
    assert "有提升" in page
    assert "原始对比（未扣除自选择）" in page
    assert lifting.work_out(study_id=study.pk, at=NOW + timedelta(days=1)).finished_at == NOW


def test_the_form_offers_a_period_in_the_form_a_browser_reads(client):
    client.force_login(StaffFactory())

    assert b'value="2026-08-31"' in client.get("/metrics/lift/").content


def test_a_study_that_its_worker_took_along_is_asked_again_for_a_day(django_capture_on_commit_callbacks):
    shop_with_groups()
    study = asked(StaffFactory())

    assert lifting.ask_again(at=NOW + timedelta(minutes=50)) == []
    with django_capture_on_commit_callbacks(execute=False) as queued:
        assert lifting.ask_again(at=NOW + timedelta(hours=2)) == [study.pk]
    assert len(queued) == 1
    assert lifting.ask_again(at=NOW + timedelta(hours=25)) == []

    lifting.work_out(study_id=study.pk, at=NOW)
    assert lifting.ask_again(at=NOW + timedelta(hours=2)) == []


def test_too_few_who_joined_are_a_designed_answer(client):
    shop_with_groups(joiners=3, others=4)
    hq = StaffFactory()
    client.force_login(hq)
    study = lifting.work_out(study_id=asked(hq).pk, at=NOW)

    page = client.get(f"/metrics/lift/{study.pk}/").content.decode()

    assert study.state == LiftStudy.State.THIN
    assert study.said in page, study.said
    assert "样本不足" in page


def test_nobody_who_bought_is_a_designed_answer_too():
    StoreFactory()

    study = lifting.work_out(study_id=asked(StaffFactory()).pk, at=NOW)

    assert (study.state, study.said) == (LiftStudy.State.THIN, "这段时间里这些门店没有会员购买记录")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"first": LAST, "last": FIRST}, "开始日期晚于结束日期"),
        ({"last": date(2026, 9, 1)}, "结束日期最晚是昨天"),
        ({"first": date(2026, 8, 1)}, "时间段要有 120 到 400 天"),
        ({"first": date(2016, 1, 1)}, "时间段要有 120 到 400 天"),
    ],
    ids=["reversed", "future", "short", "ten years"],
)
def test_period_that_makes_no_sense_is_refused_in_words(client, fields, says):
    StoreFactory()
    client.force_login(StaffFactory())

    answer = client.post("/metrics/lift/", {"first": FIRST, "last": LAST} | fields)

    assert (answer.status_code, says in answer.content.decode()) == (422, True)


def test_region_without_stores_is_refused():
    with pytest.raises(lifting.LiftRefused, match="没有门店"):
        asked(StaffFactory(), region=RegionFactory())


def test_study_reads_the_stores_of_its_region_only():
    shop_with_groups(joiners=2, others=2)
    elsewhere = StoreFactory(region=RegionFactory())

    study = lifting.work_out(study_id=asked(StaffFactory(), region=elsewhere.region).pk, at=NOW)

    assert (study.figures["stores"], study.figures["stores_read"]) == (1, 0)


def test_question_goes_to_the_bulk_queue_and_its_page_waits(client, django_capture_on_commit_callbacks):
    StoreFactory()
    client.force_login(StaffFactory())

    with django_capture_on_commit_callbacks() as sent:
        answer = client.post("/metrics/lift/", {"first": FIRST, "last": LAST}, follow=True)

    assert len(sent) == 1
    assert "计算中" in answer.content.decode()


@pytest.mark.parametrize("factory", [ManagerFactory, GuideFactory, RegionLeadFactory])
def test_lift_is_hq_business(client, factory):
    client.force_login(factory())

    assert client.get("/metrics/lift/").status_code == 404


def test_list_of_studies_asks_the_same_for_one_and_for_three(client, django_assert_num_queries):
    StoreFactory()
    hq = StaffFactory()
    client.force_login(hq)
    asked(hq)
    client.get("/metrics/lift/")
    with django_assert_num_queries(5):
        client.get("/metrics/lift/")
    asked(hq)
    asked(hq)

    with django_assert_num_queries(5):
        client.get("/metrics/lift/")
