"""Which cell of a square counts: the table of the rules, as sentences."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communities.precedence import BusinessDay, Cell, DayPlan, Place

MONDAY = date(2026, 11, 23)
PLACE = Place(store_id=7, region="HD/ZJ/HZ/", stage="opening", group_kind="super", days_to_opening=3)
ALL = {"weekday": 0}


def counting(*cells: dict, place: Place = PLACE, today: BusinessDay | None = None) -> int | None:
    """The place in the list of the cell that counts in slot 1."""
    rows = [Cell(id=number, slot=1, **cell) for number, cell in enumerate(cells)]
    winner = DayPlan(rows, today or BusinessDay.of(MONDAY)).winners(place).get(1)
    return winner and winner.id


@pytest.mark.parametrize(
    ("sentence", "higher", "lower"),
    [
        ("days to the opening beat a date", {"days_to_opening": 3}, {"day": MONDAY}),
        ("a date beats the weekday", {"day": MONDAY}, ALL),
        ("a date for all beats a weekday for listed stores", {"day": MONDAY}, ALL | {"stores": frozenset({7})}),
        ("a list of stores beats a group kind", ALL | {"stores": frozenset({7})}, ALL | {"group_kind": "super"}),
        ("a list of stores beats all other scopes together", ALL | {"stores": frozenset({7})},
         ALL | {"group_kind": "super", "stage": "opening", "region": "HD/ZJ/HZ/"}),
        ("a group kind beats a stage", ALL | {"group_kind": "super"}, ALL | {"stage": "opening"}),
        ("a stage beats a region", ALL | {"stage": "opening"}, ALL | {"region": "HD/ZJ/HZ/"}),
        ("the deeper region beats the wider", ALL | {"region": "HD/ZJ/"}, ALL | {"region": "HD/"}),
        ("a region beats everybody", ALL | {"region": "HD/"}, ALL),
        ("a may-do cell beats a must-do one that is wider", ALL | {"region": "HD/", "must_do": False}, ALL),
        ("a cell that posts nothing still beats a wider one", ALL | {"region": "HD/"}, ALL | {"rotation": (5,)}),
    ],
)  # fmt: skip
def test_the_more_specific_cell_counts(sentence, higher, lower):
    assert counting(higher, lower) == 0, sentence
    assert counting(lower, higher) == 1, sentence


def test_of_equals_the_later_row_counts():
    assert counting(ALL, ALL) == 1


@pytest.mark.parametrize(
    "stranger",
    [
        {"weekday": 1},
        {"day": MONDAY + timedelta(days=1)},
        {"days_to_opening": 2},
        ALL | {"stores": frozenset({8})},
        ALL | {"stores": frozenset()},
        ALL | {"group_kind": "daily"},
        ALL | {"stage": "running"},
        ALL | {"region": "HD/JS/"},
        ALL | {"group_kind": "super", "stage": "running"},
    ],
)
def test_a_cell_counts_only_where_every_scope_holds(stranger):
    assert counting(stranger) is None
    assert counting(ALL, stranger) == 0


def test_an_opened_store_does_not_count_down():
    opened = Place(store_id=7, region="HD/", stage="running", group_kind="daily")

    assert counting({"days_to_opening": 0}, place=opened) is None


def test_a_holiday_uses_the_cells_of_the_weekday_it_goes_by():
    saturday = {"weekday": 5}

    assert counting(ALL, saturday, today=BusinessDay.of(MONDAY, as_weekday=5)) == 1
    assert counting(saturday, {"day": MONDAY}, today=BusinessDay.of(MONDAY, as_weekday=5)) == 1


def test_a_silent_day_posts_nothing():
    assert counting(ALL, {"days_to_opening": 3}, today=BusinessDay.of(MONDAY, is_silent=True)) is None


def test_materials_take_turns_week_by_week():
    cell = Cell(id=1, slot=1, weekday=0, rotation=(10, 20, 30))

    said = [DayPlan([], BusinessDay.of(MONDAY + timedelta(weeks=n))).version(cell) for n in range(6)]

    first = cell.rotation.index(said[0])
    assert said == [cell.rotation[(first + n) % 3] for n in range(6)]


def test_a_week_long_holiday_goes_through_the_rotation_day_by_day():
    cell = Cell(id=1, slot=1, weekday=5, rotation=(10, 20, 30, 40, 50, 60, 70))
    holiday = [BusinessDay.of(date(2026, 10, 1) + timedelta(days=n), as_weekday=5) for n in range(4)]

    said = [DayPlan([], day).version(cell) for day in holiday]

    assert len(set(said)) == 4


_cells = st.lists(
    st.builds(
        Cell,
        id=st.integers(1, 10**6),
        slot=st.integers(1, 4),
        weekday=st.just(0),
        region=st.sampled_from(["", "HD/", "HD/ZJ/", "HD/ZJ/HZ/", "HN/"]),
        stage=st.sampled_from(["", "opening", "running"]),
        group_kind=st.sampled_from(["", "daily", "super"]),
        stores=st.none() | st.frozensets(st.integers(1, 9)),
    ),
    unique_by=lambda cell: cell.id,
    max_size=12,
)
_places = st.builds(
    Place,
    store_id=st.integers(1, 9),
    region=st.sampled_from(["HD/", "HD/ZJ/", "HD/ZJ/HZ/", "HN/GD/"]),
    stage=st.sampled_from(["opening", "running"]),
    group_kind=st.sampled_from(["daily", "super", "cold"]),
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a machine shared with others
@given(cells=_cells, places=st.lists(_places, min_size=1, max_size=20), seed=st.randoms())
def test_the_winner_fits_outranks_every_other_that_fits_and_does_not_hang_on_the_order(cells, places, seed):
    shuffled = cells[:]
    seed.shuffle(shuffled)
    plan, again = DayPlan(cells, BusinessDay.of(MONDAY)), DayPlan(shuffled, BusinessDay.of(MONDAY))

    for place in places:  # many places on one plan: what was looked up for one must not be told to another
        best = {}
        for cell in sorted((c for c in cells if c.fits(place)), key=lambda c: c.rank):
            best[cell.slot] = cell
        assert dict(plan.winners(place)) == dict(again.winners(place)) == best


@given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)), size=st.integers(1, 7), weekday=st.none() | st.integers(0, 6))
def test_every_material_of_a_rotation_has_its_turn_and_none_twice_before(day, size, weekday):
    """Week after week on the weekday's own days; day after day while a calendar bends them to one weekday."""
    step = timedelta(weeks=1) if weekday is None else timedelta(days=1)
    start = day if weekday is None else day - timedelta(days=day.weekday())  # a run inside one week
    cell = Cell(id=1, slot=1, weekday=weekday or 0, rotation=tuple(range(1, size + 1)))

    said = [DayPlan([], BusinessDay.of(start + step * n, as_weekday=weekday)).version(cell) for n in range(size)]

    assert sorted(said) == list(range(1, size + 1))
