"""The list of alerts as HQ, leads and managers use it, and HQ's rules."""

import pytest
from django.urls import reverse

from metrics.models import Alert, AlertRule, DigestSetting
from metrics.selectors.alerts import open_alerts
from metrics.services.alerting.rules import current_rules
from stores.models import Store
from tests.factories import GuideFactory, ManagerFactory, RegionFactory, RegionLeadFactory, StaffFactory, StoreFactory
from tests.metrics.watch.worlds import MONDAY, at

pytestmark = pytest.mark.django_db
URL = "/metrics/alerts/"


def alert_of(store, **fields) -> Alert:
    given = {"kind": AlertRule.Kind.SALES_GAP, "badness": 40, "cause": "近 14 天销售低 40%", "advice": "照做一次",
             "link": "/metrics/cases/", "looked": "2026-03-01", "seen_at": at(MONDAY), "raised_at": at(MONDAY),
             "hits": 3}  # fmt: skip
    return Alert.objects.create(store=store, **given | fields)


@pytest.fixture
def chain():
    """Two regions with a store each, and an alert in either."""
    east, west = RegionFactory(name="东区"), RegionFactory(name="西区")
    stores = StoreFactory(name="东门店", region=east), StoreFactory(name="西门店", region=west)
    return stores, [alert_of(store) for store in stores]


def test_each_sees_the_alerts_of_her_own_stores(client, chain):
    (east, west), _ = chain
    people = {
        StaffFactory(): {"东门店", "西门店"}, RegionLeadFactory(region=east.region): {"东门店"},
        ManagerFactory(store=west): {"西门店"},
    }  # fmt: skip
    for person, expected in people.items():
        client.force_login(person)
        shown = client.get(URL).context["page"].object_list
        assert {alert.store.name for alert in shown} == expected


def test_another_store_s_alert_is_not_found_and_guides_have_none(client, chain):
    (east, _), (_, western) = chain
    client.force_login(ManagerFactory(store=east))
    deeds = [
        client.post(reverse(f"metrics:alert_{deed}", args=[western.pk])) for deed in ("take", "release", "resolve")
    ]
    client.force_login(GuideFactory(store=east))

    assert [answer.status_code for answer in deeds] == [404, 404, 404]
    assert client.get(URL).status_code == 404


def test_an_alert_is_taken_and_resolved_with_a_word_on_how(client, chain):
    (east, _), (alert, _) = chain
    manager = ManagerFactory(store=east)
    client.force_login(manager)

    client.post(reverse("metrics:alert_take", args=[alert.pk]), {"back": f"{URL}?show=mine"})
    client.post(reverse("metrics:alert_resolve", args=[alert.pk]), {"note": "   "})
    alert.refresh_from_db()
    assert (alert.taken_by, alert.cleared_at) == (manager, None)  # without a word it stays open

    client.post(reverse("metrics:alert_resolve", args=[alert.pk]), {"note": "补了 三个爆款"})
    alert.refresh_from_db()
    assert (alert.ending, alert.note, alert.resolved_by) == ("resolved", "补了 三个爆款", manager)
    assert "补了 三个爆款" in client.get(URL, {"show": "over"}).content.decode()


def test_the_list_asks_as_much_for_three_alerts_as_for_one(client, django_assert_num_queries):
    client.force_login(StaffFactory())
    for count in (1, 2):
        for _ in range(count):
            alert_of(StoreFactory())
        with django_assert_num_queries(5):
            client.get(URL)


def test_nonsense_in_the_filter_shows_everything_that_stands(client, chain):
    client.force_login(StaffFactory())

    answer = client.get(URL, {"show": "x", "kind": "'; --", "page": "999"})

    assert len(answer.context["page"].object_list) == 2


def test_those_nobody_has_taken_stand_first_for_the_overview(chain):
    (east, _), (first, second) = chain
    Alert.objects.filter(pk=first.pk).update(taken_by=ManagerFactory(store=east), taken_at=at(MONDAY))

    assert open_alerts(Store.objects.all(), 5) == [second, first]
    assert open_alerts(Store.objects.filter(pk=east.pk), 5) == [first]


def test_hq_tunes_a_rule_and_lines_that_cross_are_refused(client):
    client.force_login(StaffFactory())
    wish = {"which": "sales_gap", "sales_gap-is_on": "on", "sales_gap-raise_at": "25", "sales_gap-clear_at": "26",
            "sales_gap-raise_after": "2", "sales_gap-clear_after": "2", "sales_gap-least": "10"}  # fmt: skip

    crossed = client.post(f"{URL}rules/", wish)
    nowhere = client.post(f"{URL}rules/", wish | {"sales_gap-raise_at": "nan"})
    kept = client.post(f"{URL}rules/", wish | {"sales_gap-clear_at": "15"})

    assert (crossed.status_code, nowhere.status_code, kept.status_code) == (422, 422, 302)
    assert "一边告警一边解除" in crossed.content.decode()
    assert current_rules()[AlertRule.Kind.SALES_GAP].raise_at == 25


def test_the_rules_are_hq_s_and_so_is_the_morning_s_message(client):
    client.force_login(ManagerFactory())
    refused = client.get(f"{URL}rules/").status_code
    client.force_login(StaffFactory())
    client.post(f"{URL}rules/", {"which": "digest", "digest-to_hq": "on"})

    assert refused == 404
    assert DigestSetting.objects.values_list("is_on", "to_hq", "to_managers").get() == (False, True, False)
