"""Each metric over one small world, its numbers worked out by hand: numerator, denominator, and where from."""

import pytest

from metrics.registry import HISTORY, METRICS, UnknownMetric, metric
from metrics.registry.components import Grain
from metrics.selectors import reading
from metrics.selectors.reading import Period
from metrics.services.rolling.days import roll_day
from stores.models import Store
from tests.metrics.world import DAY, NIGHT, World

# fmt: off
OF_STORE = {
    # At the start: 6 in the large group (the one back within a day among them), 1 in the small, 1 in the one dissolved.
    # In: 5 and 6. Out: 4 by herself, 10 removed. Neither: 7 and 8, who came back. 8 + 2 - 2 - 1 dissolved = 7.
    "members": (7, None), "people": (6, None), "joins": (2, None), "quits": (2, None), "quit_rate": (2, 8 + 2),
    "quit_rate@1": (2, 7), "net_growth": (0, None), "dissolved": (1, None),
    "prefill_count": (8, None),  # 1, 2, 3, 4, 7, 8, 10 and 11 came before 5 March
    "retention_7": (1, 2),  # 3 stayed, 4 left
    "retention_30": (1, 2), "active_retention_30": (1, 2),  # 1 stayed and bought, 2 left
    "new_member_rate": (1, 2),  # 5 gave her phone three days later
    "join_rate": (2, 5), "add_rate": (1, 9 - 5), "scans": (9, None), "adds": (1, None),
    # In a group at the end: 1, 3, 5, 6, 7, 8. 1 and 3 bought, 5 clicked, 6 entered; 7 withdrew.
    "active_rate": (4, 6), "interest_rate": (2, 6),
    # 3,000 + 1,000, 2,000, 1,500, and 3,000 that went back whole; one return of 500.
    "gmv": (10_500, None), "refund": (3_500, None), "net_sales": (7_000, None), "orders": (3, None),
    "aov": (7_000, 3), "member_order_share": (2, 3),
    # 30 days: 1 bought 4,000 + 2,500 - 500 in two orders, 3 bought 2,000 + 1,000 in two, 4 bought 800 in one.
    "repurchase_rate": (2, 3), "orders_per_buyer": (5, 3), "aov_person": (6_000 + 3_000 + 800, 3),
    "monthly_spend": (6_000 + 3_000, 6), "ltv": (10_000 + 20_001, 2),
    # Eight posts: one withdrawn, one skipped, one blocked; five expected: on time, late, made up, missed, failed.
    "execution_rate": (3, 5), "on_time_rate": (1, 5), "must_do_rate": (2, 4), "missed": (1, None),
    "reach_verified": (1, 7), "reach_client": (1, 7), "reach_declared": (1, 7),
    "conversion_rate_verified": (2, 6), "conversion_rate_client": (0, 6), "conversion_rate_declared": (1, 1),
    "click_rate_verified": (3, 6), "click_rate_client": (1, 6), "click_rate_declared": (1, 1),
    "claims": (3, None),  # the order of three days ago was fetched today, not made
    "k_factor": (1, 2),  # two links made, two friends, one of them the same person
}
OF_GROUP = {  # the large one
    "members": (6, None), "joins": (2, None), "quits": (2, None), "quit_rate": (2, 6 + 2), "quit_rate@1": (2, 6),
    "net_growth": (0, None), "dissolved": (0, None), "retention_7": (1, 2), "retention_30": (1, 2),
    "active_retention_30": (1, 2), "new_member_rate": (1, 2), "group_active_rate": (4, 6),
    "execution_rate": (2, 3), "on_time_rate": (1, 3), "must_do_rate": (2, 3), "missed": (1, None),
    "reach_verified": (1, 4), "reach_client": (1, 4), "reach_declared": (0, 4),
    "conversion_rate_verified": (2, 6), "conversion_rate_client": (0, 6), "conversion_rate_declared": (0, 0),
    "click_rate_verified": (3, 6), "click_rate_client": (1, 6), "click_rate_declared": (0, 0),
}
OF_STAFF = {  # all groups are hers
    "speak_rate": (3, 10), "adds": (1, None), "execution_rate": (3, 5), "on_time_rate": (1, 5),
    "must_do_rate": (2, 4), "missed": (1, None), "reach_verified": (1, 7), "reach_client": (1, 7),
    "reach_declared": (1, 7),
}
OF_CAMPAIGN = {
    "gmv": (2_000, None), "refund": (0, None), "net_sales": (2_000, None), "orders": (1, None), "aov": (2_000, 1),
    "member_order_share": (1, 1), "claims": (3, None), "pickup_rate": (1, 3), "k_factor": (1, 2),
}
OF_CODE = {  # that of the group
    "join_rate": (2, 5), "add_rate": (0, 0), "scans": (5, None), "adds": (0, None), "joins": (2, None),
    "quits": (0, None), "net_growth": (2, None), "new_member_rate": (1, 2),
}
# fmt: on
BY_HAND = {
    Grain.STORE: OF_STORE,
    Grain.GROUP: OF_GROUP,
    Grain.STAFF: OF_STAFF,
    Grain.CAMPAIGN: OF_CAMPAIGN,
    Grain.CODE: OF_CODE,
}


@pytest.mark.django_db
def test_every_metric_is_what_the_facts_say():
    world = World()
    roll_day(day=DAY, at=NIGHT)
    read = {
        Grain.STORE: (reading.of_stores, world.store.pk),
        Grain.GROUP: (reading.of_groups, world.group.pk),
        Grain.STAFF: (reading.of_staff, world.manager.pk),
        Grain.CAMPAIGN: (reading.of_campaigns, world.campaign.pk),
        Grain.CODE: (reading.of_codes, world.code.pk),
    }

    found = {
        grain: {
            code: (one.numerator, one.denominator)
            for code, one in of(BY_HAND[grain], Period(DAY, DAY), Store.objects.all())[pk].items()
        }
        for grain, (of, pk) in read.items()
    }

    assert found == BY_HAND


def test_every_metric_has_numbers_by_hand_at_every_grain_it_has():
    wanted = {grain: {code for code, one in METRICS.items() if grain in one.grains} for grain in Grain}
    superseded = {one.key: one for versions in HISTORY.values() for one in versions}
    for key, one in superseded.items():
        for grain in one.grains:
            wanted[grain].add(key)

    assert {grain: set(numbers) for grain, numbers in BY_HAND.items()} == wanted


def test_every_metric_says_what_it_is():
    for one in METRICS.values():
        assert one.name
        assert one.meaning
        assert one.basis
        assert one.owner
        assert one.grains
        assert one.formula in one.tooltip
    assert len({one.name for one in METRICS.values()}) == len(METRICS)


def test_a_superseded_version_is_read_by_its_number():
    assert metric("quit_rate").version == 2
    assert metric("quit_rate@2") is metric("quit_rate")
    assert metric("quit_rate@1").formula == "退群 ÷ 日末群人数"


@pytest.mark.parametrize("code", ["", "gm", "gmv@2", "quit_rate@x", "@1"])
def test_an_unknown_metric_is_refused_in_words(code):
    with pytest.raises(UnknownMetric, match="这个指标"):
        metric(code)
