"""The league among peers, and who is praised."""

from datetime import date

import pytest

from metrics.models import Goal, LeaguePlace, Recognition
from metrics.selectors.peer_bands import band_label, bands_on
from metrics.selectors.reading import Reading
from metrics.services.ranking_peers import league, rank_month
from stores.models import Store
from tests.factories import ManagerFactory, StaffFactory, StoreFactory
from tests.metrics.watch.worlds import at, days_of

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
NOTHING = {code: Reading(None, None) for code in ("active_rate", "repurchase_rate", "monthly_spend")}


def punctual(share: float, posts: int) -> dict:
    return {"on_time_rate": Reading(share, round(share * posts), posts), **NOTHING}


def test_a_small_store_s_perfect_week_does_not_beat_a_large_one_s_good_month():
    rows = {1: punctual(1.0, 2), 2: punctual(0.9, 400), 3: punctual(0.6, 400), 4: punctual(0.5, 400)}

    parts = league(rows)

    shown = {pk: round(one["on_time_rate"]["shrunk"], 2) for pk, one in parts.items()}
    # All together did 0.667; two posts are believed by 0.0426 / (0.0426 + 0.222 / 2) = 0.28.
    assert shown == {1: 0.76, 2: 0.9, 3: 0.6, 4: 0.5}
    assert [round(parts[pk]["on_time_rate"]["score"]) for pk in (2, 1, 3, 4)] == [100, 67, 33, 0]


def test_stores_that_did_the_same_share_their_points_and_one_alone_stands_in_the_middle():
    parts = league({1: punctual(0.5, 10), 2: punctual(0.5, 10)})

    assert {one["on_time_rate"]["score"] for one in parts.values()} == {50}
    assert league({1: punctual(0.5, 10)})[1]["on_time_rate"]["score"] == 50
    assert league({1: dict(NOTHING, on_time_rate=Reading(None, None, 0))}) == {}


@pytest.mark.django_db
def test_a_band_of_few_lets_go_of_what_sets_it_apart():
    StoreFactory.create_batch(8, city_tier=Store.CityTier.TIER2)
    lonely = StoreFactory(city_tier=Store.CityTier.TIER4)
    StoreFactory(stage="suspended", suspended_on=MARCH)

    bands = bands_on(MARCH)

    assert len(bands) == 9
    assert band_label(bands[Store.objects.first().pk]) == "开业一年以上 · 二线 · 没有群"
    assert band_label(bands[lonely.pk]) == "全部门店"


@pytest.fixture
def chain(db):
    """Six stores: in February the later the better, in March the first of them best of all."""
    stores = [StoreFactory(name=f"{name}店") for name in "甲乙丙丁戊己"]
    for place, store in enumerate(stores):
        days_of(store, last=date(2026, 2, 28), count=28, expected=40, on_time=10 + 5 * place)
        days_of(store, last=date(2026, 3, 31), count=31, expected=40, on_time=39 if place == 0 else 10 + 5 * place)
    rank_month(month=FEBRUARY, through=date(2026, 2, 28))
    rank_month(month=MARCH, through=date(2026, 3, 31))
    return stores


def test_places_say_how_they_moved_since_the_month_before(chain):
    places = LeaguePlace.objects.filter(month=MARCH).order_by("rank")

    assert [(place.store.name, place.rank, place.climbed) for place in places[:3]] == [
        ("甲店", 1, 5), ("己店", 2, -1), ("戊店", 3, -1),
    ]  # fmt: skip
    assert {place.of for place in places} == {6}


def test_ranking_again_changes_nothing(chain):
    before = list(LeaguePlace.objects.order_by("pk").values())

    rank_month(month=MARCH, through=date(2026, 3, 31))

    assert list(LeaguePlace.objects.order_by("pk").values()) == before


def test_the_first_the_fastest_and_the_steady_are_praised_with_a_card_to_share(chain):
    steady = chain[3]
    for month in (date(2026, 1, 1), FEBRUARY, MARCH):
        Goal.objects.create(store=steady, month=month, metric="people", target=1, suggested=1, made_at=at(MARCH),
                            is_met=True)  # fmt: skip
    rank_month(month=MARCH, through=date(2026, 3, 31))

    praised = Recognition.objects.filter(month=MARCH).order_by("reason", "pk")

    assert [(one.reason, one.store.name) for one in praised] == [
        ("climbed", "甲店"), ("first", "甲店"), ("streak", "丁店"),
    ]  # fmt: skip
    assert praised[0].card == "🎉 2026年3月 · 进步最快\n甲店从第 6 名升到第 1 名（全部门店）\n为你们鼓掌！"
    assert praised[2].fact == "连续 3 个月全部目标达标"


def test_a_month_under_way_praises_nobody(chain):
    Recognition.objects.all().delete()

    rank_month(month=MARCH, through=date(2026, 3, 30))

    assert not Recognition.objects.exists()


def test_a_manager_sees_her_own_place_and_hq_the_table(client, chain):
    client.force_login(ManagerFactory(store=chain[0]))
    own = client.get("/metrics/league/?month=2026-03")
    other = client.get(f"/metrics/league/stores/{chain[1].pk}/")
    client.force_login(StaffFactory())
    table = client.get("/metrics/league/?month=2026-03&sort=-climbed&peers=nonsense")

    assert (own.context["place"].rank, other.status_code) == (1, 404)
    assert "乙店" not in own.content.decode()  # of peers she hears of praise only
    assert table.context["rows"][0][0].store.name == "甲店"
    cells = table.context["rows"][0][1]
    assert [cell and cell.value for cell in cells] == [
        "97.5%",
        None,
        None,
        None,
    ]  # a column without figures stays empty
