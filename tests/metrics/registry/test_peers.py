from datetime import date, timedelta

import pytest

from metrics.models import StoreTally
from metrics.selectors import peers
from metrics.selectors.peers import peers_of, shrunk, spread
from metrics.selectors.periods import Period
from stores.models import Store
from tests.factories import CustomerGroupFactory, RegionFactory, StoreFactory

DAY = date(2026, 3, 10)


@pytest.fixture
def region():
    return RegionFactory()


@pytest.mark.django_db
def test_peers_have_the_age_the_tier_and_the_number_of_groups(region):
    def stores(count, **fields):
        made = [
            StoreFactory(region=region, **{"opened_on": DAY - timedelta(days=30), "city_tier": 2} | fields)
            for _ in range(count)
        ]
        for one in made:
            CustomerGroupFactory(store=one)
        return made

    mine, *alike = stores(9)
    stores(2, city_tier=5)
    stores(2, opened_on=DAY - timedelta(days=900))
    stores(1, stage=Store.Stage.SUSPENDED, suspended_on=DAY)
    busy = stores(1)[0]
    CustomerGroupFactory.create_batch(3, store=busy)

    assert set(peers_of(mine, DAY)) == set(alike)


@pytest.mark.django_db
def test_with_few_of_its_kind_a_store_is_compared_in_a_wider_circle(region):
    mine = StoreFactory(region=region, opened_on=DAY - timedelta(days=30), city_tier=2)
    same_age = [
        StoreFactory(region=region, opened_on=DAY - timedelta(days=40), city_tier=tier % 5 + 1) for tier in range(8)
    ]
    old = StoreFactory(region=region)

    assert set(peers_of(mine, DAY)) == set(same_age)
    assert peers_of(old, DAY).count() == 9  # nobody is its age: all the others


def test_small_counts_are_pulled_to_the_peers_and_large_ones_keep_their_value():
    # Chance alone: 0.1 * 0.9 / 10 = 0.009, as much as the peers differ: half way. With 1,000 it is 0.00009: 99 %.
    assert shrunk(0.5, 10, 0.1, 0.009) == pytest.approx(0.3)
    assert shrunk(0.5, 1000, 0.1, 0.009) == pytest.approx(0.1 + 0.4 * 0.009 / 0.00909)
    assert shrunk(0.5, 0, 0.1, 0.009) == 0.1
    assert shrunk(0.5, 10, 0.1, 0.0) == pytest.approx(0.1)


@pytest.mark.django_db
def test_the_spread_of_peers_tells_true_differences_from_chance(region):
    shares = [10, 20, 30, 40]
    for on_time in shares:
        StoreTally.objects.create(store=StoreFactory(region=region), day=DAY, on_time=on_time, expected=100)
    StoreTally.objects.create(store=StoreFactory(region=region), day=DAY)

    found = spread("on_time_rate", Period(DAY, DAY), Store.objects.all())

    assert found is not None
    assert (found.stores, found.mean) == (4, 0.25)
    # Between: 100 * (0.15² + 0.05² + 0.05² + 0.15²) = 5; by chance 3 * 0.25 * 0.75 = 0.5625; scale 400 - 40000/400.
    assert found.variance == pytest.approx((5 - 0.5625) / 300)
    assert found.quartiles == pytest.approx((0.175, 0.25, 0.325))


@pytest.mark.django_db
def test_of_many_peers_those_that_opened_closest_to_it_are_taken(region, monkeypatch):
    monkeypatch.setattr(peers, "MOST", 9)
    mine = StoreFactory(region=region, opened_on=DAY - timedelta(days=500))
    others = [StoreFactory(region=region, opened_on=DAY - timedelta(days=510 + 10 * n)) for n in range(12)]
    StoreFactory(region=region)  # nobody knows when

    assert set(peers_of(mine, DAY)) == set(others[:9])
