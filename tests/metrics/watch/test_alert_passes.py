"""What a pass over all stores raises and clears."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from communities.models import CodeAlert, PostTask
from metrics.models import Alert, AlertRule
from metrics.services.alerting import measures
from metrics.services.alerting.handling import AlertRefused, resolve_alert, take_alert
from metrics.services.alerting.passing import Passed, pass_daily, pass_hourly, settle
from metrics.services.alerting.rules import current_rules, tune_rule
from stores.models import Store
from tests.factories import (
    CustomerGroupFactory,
    EntryCodeFactory,
    ManagerFactory,
    MaterialFactory,
    ProductFactory,
    StaffFactory,
    StoreFactory,
    StoreProductFactory,
)
from tests.metrics.watch.worlds import MONDAY, at, days_of, peers
from tests.racing import race

pytestmark = pytest.mark.django_db
Kind = AlertRule.Kind
DAY = timedelta(days=1)
GOOD = {"expected": 8, "on_time": 8}


def the_alert(**only) -> Alert:
    return Alert.objects.get(**only)


def test_execution_that_drops_is_raised_on_the_second_day_with_its_figures():
    store = StoreFactory()
    days_of(store, last=MONDAY - 8 * DAY, count=28, **GOOD)
    days_of(store, last=MONDAY, count=8, expected=8, on_time=4)

    first, again, second = pass_daily(at=at(MONDAY)), pass_daily(at=at(MONDAY)), pass_daily(at=at(MONDAY + DAY))

    assert (first, again, second) == (Passed(), Passed(), Passed(raised=1))
    alert = the_alert(store=store)
    assert (alert.kind, alert.hits, alert.raised_at) == (Kind.EXECUTION_DROP, 2, at(MONDAY + DAY))
    assert alert.cause == "近 7 天准时率 50%，前 4 周 98%，低 48 个百分点（应发 56 条）"
    assert alert.link == f"/execution/stores/{store.pk}/?day=2026-03-02"


def test_an_alert_that_is_well_again_ends_by_itself_after_two_good_days():
    store = StoreFactory()
    rule = current_rules()[Kind.EXECUTION_DROP]
    bad, good = ({store.pk: measures.Finding(badness, _execution())} for badness in (20, 5))
    for n, finding in enumerate((bad, bad, good, good)):
        passed = settle(rule=rule, findings=finding, look_name=f"2026-03-0{n + 1}", at=at(MONDAY + n * DAY))

    assert passed == Passed(ended=1)
    assert (the_alert().ending, the_alert().cleared_at) == (Alert.Ending.BY_ITSELF, at(MONDAY + 3 * DAY))


def test_too_few_posts_are_no_ground_for_an_alert():
    store = StoreFactory()
    days_of(store, last=MONDAY - 7 * DAY, count=28, **GOOD)
    days_of(store, last=MONDAY, count=7, expected=2, on_time=0)

    assert measures.execution_drop(last=MONDAY, least=20) == {}


def test_a_quit_spike_of_few_people_is_pulled_to_the_ordinary():
    few, many = StoreFactory(), StoreFactory()
    for store, usual, now in ((few, 0, 2), (many, 7, 40)):
        days_of(store, last=MONDAY - 3 * DAY, count=28, quits=usual)
        days_of(store, last=MONDAY, count=3, quits=now)

    found = measures.quit_spike(last=MONDAY, least=8)

    assert found[few.pk].badness == 1.0  # six people of a store that loses nobody
    assert found[many.pk].badness == pytest.approx((120 + 3) / (21 + 3))


def test_sales_are_compared_per_member_and_a_store_with_few_orders_is_half_its_peers():
    peers(8, last=MONDAY, days=14, people_end=100, orders=10, paid_fen=100_000)
    slow, tiny = StoreFactory(), StoreFactory()
    days_of(slow, last=MONDAY, count=14, people_end=100, orders=10, paid_fen=50_000)
    days_of(tiny, last=MONDAY, count=10, people_end=50, orders=3, paid_fen=25_000)

    found = measures.sales_gap(last=MONDAY, least=10)

    assert found[slow.pk].badness == pytest.approx(50 * 140 / 170)
    assert found[tiny.pk].figures["gap"] == pytest.approx(100 * (14_000 - 5_000) / 14_000)
    assert found[tiny.pk].badness == pytest.approx(found[tiny.pk].figures["gap"] / 2)


def test_a_planned_product_without_stock_is_told_within_the_hour_and_over_when_it_came():
    group, product = CustomerGroupFactory(), ProductFactory(name="山竹")
    shelf = StoreProductFactory(store=group.store, product=product, stock=0)
    _planned(group, product)

    raised = pass_hourly(at=at(MONDAY, 8))
    alert = the_alert()
    shelf.stock = 5
    shelf.save()
    ended = pass_hourly(at=at(MONDAY, 9))

    assert (raised, ended) == (Passed(raised=1), Passed(ended=1))
    assert alert.cause == "今明两天要发的 1 个商品本店没有库存：山竹"
    assert alert.link == f"/stores/{group.store_id}/today/?day=2026-03-02"


def test_a_code_s_own_alert_comes_into_the_list_once_and_leaves_it_when_it_is_over():
    code = EntryCodeFactory()
    finding = CodeAlert.objects.create(
        code=code, cause="silent", message="两天没有人扫", fix="看看贴在哪里", seen_at=at(MONDAY), raised_at=at(MONDAY)
    )

    raised, again = pass_hourly(at=at(MONDAY, 8)), pass_hourly(at=at(MONDAY, 9))
    resolve_alert(alert=the_alert(), note="换了位置", by=StaffFactory(), at=at(MONDAY, 9))
    silent = pass_hourly(at=at(MONDAY, 10))
    finding.cleared_at = at(MONDAY, 11)
    finding.save()
    CodeAlert.objects.create(code=code, cause="silent", message="又没有", fix="看看", seen_at=at(MONDAY),
                             raised_at=at(MONDAY, 12))  # fmt: skip
    anew = pass_hourly(at=at(MONDAY, 13))

    assert [one.raised for one in (raised, again, silent, anew)] == [1, 0, 0, 1]
    assert list(Alert.objects.order_by("pk").values_list("store", "kind")) == [(code.store_id, Kind.CODE)] * 2


def test_switching_a_rule_off_ends_its_alerts():
    store, hq = StoreFactory(), StaffFactory()
    rule = current_rules()[Kind.STOCK_OUT]
    settle(rule=rule, findings={store.pk: measures.Finding(2, _stock())}, look_name="2026-03-02 08", at=at(MONDAY, 8))
    rule.is_on = False
    tune_rule(rule=rule, by=hq, at=at(MONDAY, 9))

    assert pass_hourly(at=at(MONDAY, 10)) == Passed(ended=1)
    assert the_alert().ending == Alert.Ending.NOT_APPLICABLE


def test_a_store_that_closes_has_no_alerts_any_more():
    store = StoreFactory()
    rule = current_rules()[Kind.STOCK_OUT]
    settle(rule=rule, findings={store.pk: measures.Finding(2, _stock())}, look_name="2026-03-02 08", at=at(MONDAY, 8))
    Store.objects.update(stage=Store.Stage.SUSPENDED, suspended_on=MONDAY)

    assert pass_hourly(at=at(MONDAY, 10)) == Passed(ended=1)


def test_what_somebody_resolved_is_not_raised_again_on_the_same_day():
    store, hq = StoreFactory(), StaffFactory()
    rule = current_rules()[Kind.STOCK_OUT]
    finding = {store.pk: measures.Finding(2, _stock())}
    settle(rule=rule, findings=finding, look_name="2026-03-02 08", at=at(MONDAY, 8))
    resolve_alert(alert=the_alert(), note="明早到货", by=hq, at=at(MONDAY, 9))

    same = settle(rule=rule, findings=finding, look_name="2026-03-02 10", at=at(MONDAY, 10))
    next_day = settle(rule=rule, findings=finding, look_name="2026-03-03 08", at=at(MONDAY + DAY, 8))

    assert (same.raised, next_day.raised) == (0, 1)


def test_a_pass_asks_as_much_of_thirty_stores_as_of_three():
    def cost(count: int) -> int:
        stores = peers(count, last=MONDAY, days=8, expected=8, on_time=4, people_end=10, quits=1, orders=1)
        for store in stores:
            days_of(store, last=MONDAY - 8 * DAY, count=28, **GOOD, people_end=10, quits=1, orders=1)
        with CaptureQueriesContext(connection) as seen:
            pass_daily(at=at(MONDAY + DAY))
        Alert.objects.all().delete()
        return len(seen)

    assert cost(3) == cost(30)


@pytest.mark.django_db(transaction=True)
def test_two_passes_at_once_count_a_look_once_where_a_naive_one_loses():
    store = StoreFactory()
    rule = current_rules()[Kind.STOCK_OUT]
    rule.raise_after = 2
    finding = {store.pk: measures.Finding(2, _stock())}
    run = partial(settle, rule=rule, findings=finding, look_name="2026-03-02 08", at=at(MONDAY, 8))

    race(run, run, run)

    assert list(Alert.objects.values_list("hits", "raised_at")) == [(1, None)]

    def naive():
        """Looks first and writes afterwards, as a pass without lock and constraint would."""
        row = Alert(kind=Kind.SALES_GAP, store=store, badness=1, looked="x", seen_at=at(MONDAY))
        if not Alert.objects.filter(kind=Kind.SALES_GAP, store=store).exists():
            row.save(force_insert=True)
        return row.pk

    losers = [one for one in race(*[naive] * 4) if isinstance(one, IntegrityError)]
    assert Alert.objects.filter(kind=Kind.SALES_GAP).count() == 1
    assert losers


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_an_alert_at_once_one_has_it():
    store = StoreFactory()
    settle(rule=current_rules()[Kind.STOCK_OUT], findings={store.pk: measures.Finding(2, _stock())},
           look_name="2026-03-02 08", at=at(MONDAY, 8))  # fmt: skip
    alert, people = the_alert(), [ManagerFactory(store=store, name="张店长"), StaffFactory(name="李运营")]

    results = race(*[partial(take_alert, alert=the_alert(), by=one, at=at(MONDAY, 9)) for one in people])

    refused = [one for one in results if isinstance(one, AlertRefused)]
    alert.refresh_from_db()
    assert [str(one) for one in refused] == [f"{alert.taken_by.name} 已经认领了"]


def _execution() -> dict:
    return {"recent": 50, "than": "前 4 周", "base": 70, "gap": 20, "due": 40, "day": MONDAY}


def _stock() -> dict:
    return {"products": 2, "names": "山竹、榴莲", "day": MONDAY.isoformat()}


def _planned(group, product) -> PostTask:
    version = MaterialFactory(version__product=product).current
    return PostTask.objects.create(
        group=group, store=group.store, day=MONDAY, slot_id=2, version=version, due_at=at(MONDAY, 12),
        release_at=at(MONDAY, 11, 50), closes_at=at(MONDAY, 13),
    )  # fmt: skip
