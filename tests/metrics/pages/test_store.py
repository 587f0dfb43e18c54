"""A store's page: her own figures, her peers' without their names, and what to do next."""

from datetime import timedelta

import pytest

from metrics.models import GroupTally
from metrics.selectors.periods import Period
from metrics.selectors.standing import standings_of
from tests.factories import CustomerGroupFactory, ManagerFactory, StoreFactory
from tests.metrics.pages.tallying import YESTERDAY, tallies, tally

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_morning")]
WEEK = Period(YESTERDAY - timedelta(days=6), YESTERDAY)


@pytest.fixture
def manager(client):
    """A manager of a store that posts late, among eight like it that do not."""
    manager = ManagerFactory(store__name="滨江店")
    client.force_login(manager)
    tally(manager.store, YESTERDAY, paid_fen=200_00, orders=10, expected=100, on_time=40)
    peers = [StoreFactory(name=f"同行{n}店") for n in range(8)]
    for n, peer in enumerate(peers):
        tally(peer, YESTERDAY, paid_fen=200_00, orders=10, expected=100, on_time=86 + n)
    return manager


def test_a_manager_sees_her_figures_her_place_and_no_peers_name(client, manager):
    response = client.get(f"/metrics/stores/{manager.store_id}/")

    text = response.content.decode()
    kept = next(one for one in response.context["standings"] if one.metric.code == "on_time_rate")
    assert (kept.own_text, kept.median_text, kept.place, kept.peers) == ("40.0%", "89.5%", 9, 8)
    assert "同行" not in text
    assert "第 9 / 9" in text


def test_what_to_do_next_comes_from_the_widest_gap_and_leads_there(client, manager):
    (step,) = client.get(f"/metrics/stores/{manager.store_id}/").context["advice"]

    assert (step.title, step.url) == ("先把今天的四个时段准时发出", "/today/")
    assert step.why == "准时率 40.0%，同类中位 89.5%"


def test_with_fewer_than_five_peers_nothing_is_told_of_them(client):
    manager = ManagerFactory()
    tallies([manager.store, *(StoreFactory() for _ in range(4))], [YESTERDAY], expected=40, on_time=30)
    client.force_login(manager)

    response = client.get(f"/metrics/stores/{manager.store_id}/")

    assert response.context["standings"] == []
    assert "还没有可比的同类" in response.content.decode()


def test_few_posts_are_pulled_to_the_peers_before_they_are_placed(manager):
    tiny = StoreFactory()
    tally(tiny, YESTERDAY, expected=1, on_time=0)

    kept = next(one for one in standings_of(tiny, WEEK) if one.metric.code == "on_time_rate")

    assert kept.own_text == "0.0%"
    assert kept.is_thin
    assert kept.gap < 0.5  # far from the whole way to nought


def test_another_store_is_not_there_for_a_manager(client, manager):
    other = StoreFactory()
    group = CustomerGroupFactory(store=other)

    paths = (f"/metrics/stores/{other.pk}/", f"/metrics/stores/{other.pk}/groups/", f"/metrics/groups/{group.pk}/")
    exports = (f"/metrics/export/store-days/{other.pk}.csv", "/metrics/export/ranking.csv")

    assert {client.get(path).status_code for path in (*paths, *exports)} == {404}


def test_a_store_leads_on_to_its_groups_and_their_days(hq):
    group = CustomerGroupFactory(name="福利一群", store=StoreFactory())
    tally(group.store, YESTERDAY)
    GroupTally.objects.create(group=group, day=YESTERDAY, members_start=90, joins=12, quits=2, members_end=100)

    ((row, cells),) = hq.get(f"/metrics/stores/{group.store_id}/groups/").context["table"].lines()
    page = hq.get(row.url)

    assert (row.words[0], [cell.text for cell in cells][:2]) == ("福利一群", ["100", "10"])
    newest, _ = next(iter(page.context["table"].lines()))
    assert newest.words == ("2026-03-09", "周一")
    assert "这段时间没有群发" in page.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_a_store_page_costs_the_same_however_many_groups_and_peers(client, count, django_assert_num_queries):
    manager = ManagerFactory()
    tallies([manager.store, *(StoreFactory() for _ in range(8 + count))], [YESTERDAY], paid_fen=100, expected=40)
    for _ in range(count):
        GroupTally.objects.create(group=CustomerGroupFactory(store=manager.store), day=YESTERDAY)
    client.force_login(manager)

    with django_assert_num_queries(16):
        client.get(f"/metrics/stores/{manager.store_id}/")
    with django_assert_num_queries(6):  # session, user, store, figures, groups, counted days
        client.get(f"/metrics/stores/{manager.store_id}/groups/")
