"""What is counted, store by store: each thing once, no kind of proof taken for another."""

from datetime import timedelta

import pytest

from communities.models import PostTask, StoreDay, StoreMonth
from communities.selectors import execution
from communities.selectors.measures import MEASURES, Tally
from communities.services.cadence.rolling import roll_up, roll_up_day
from stores.models import Store
from tests.execution.posts import DAY, Evidence, S, moment, post
from tests.factories import StoreFactory

pytestmark = pytest.mark.django_db
AT = moment(13)


@pytest.fixture
def store():
    return StoreFactory()


def tally(**counts):
    return Tally(dict.fromkeys(MEASURES, 0) | counts)


def ranking(**given):
    wanted = {"day": DAY, "stores": Store.objects.all(), "everyone": True, "state": "", "sort": "share", "at": AT}
    return execution.day_ranking(**wanted | given)


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"state": S.SENT, "done_at": moment(9, 55)}, {"on_time": 1, "self_declared": 1}),
        ({"state": S.SENT, "done_at": moment(10, 15)}, {"on_time": 1, "self_declared": 1}),
        ({"state": S.SENT, "done_at": moment(10, 16), "evidence": 2}, {"late": 1, "client_callback": 1}),
        ({"state": S.SENT, "done_at": moment(12), "miss_reason": "not_sent"}, {"made_up": 1, "self_declared": 1}),
        ({"state": S.SENT, "evidence": Evidence.API_VERIFIED}, {"on_time": 1, "api_verified": 1}),
        ({"state": S.RELEASED}, {"waiting": 1}),
        ({"state": S.RELEASED, "slot": 3}, {"upcoming": 1}),
        ({"state": S.PLANNED}, {"waiting": 1}),
        ({"state": S.PLANNED, "slot": 4}, {"upcoming": 1}),
        ({"state": S.BLOCKED}, {"blocked": 1}),
        ({"state": S.FAILED}, {"failed": 1}),
        ({"state": S.MISSED}, {"missed_not_sent": 1}),
        ({"state": S.MISSED, "miss_reason": "not_released"}, {"missed_not_released": 1}),
        ({"state": S.SKIPPED}, {"skipped_out_of_stock": 1}),
        ({"state": S.SKIPPED, "skip_reason": "other", "skip_note": "停电"}, {"skipped_other": 1}),
    ],
)
def test_a_post_counts_once(store, fields, counts):
    post(store=store, **fields)

    assert ranking() == execution.Ranking([store.pk], tally(total=1, **counts))


def test_what_the_plan_took_back_counts_nowhere(store):
    post(store=store, state=S.WITHDRAWN)

    assert ranking() == execution.Ranking([store.pk], tally())


def test_every_state_is_counted_under_one_name(store):
    for state in S.values:
        post(store=store, state=state)

    counted = ranking().total

    ways = set(MEASURES) - {"total", "api_verified", "client_callback", "self_declared"}
    assert sum(counted[name] for name in ways) == counted["total"] == len(S.values) - 1


def test_the_share_leaves_out_skips_blocks_and_what_is_to_come(store):
    for fields in ({"state": S.SENT}, {"state": S.MISSED}, {"state": S.SKIPPED}, {"state": S.BLOCKED}, {"slot": 4}):
        post(store=store, **fields)

    counted = ranking().total

    assert (counted.expected, counted.share, counted.percent) == (2, 0.5, 50)
    assert tally(upcoming=3).share is None


def test_a_share_is_never_rounded_to_all_or_nothing():
    assert tally(on_time=999, missed_not_sent=1).percent == 99
    assert tally(on_time=1, missed_not_sent=999).percent == 1
    assert tally(on_time=5).percent == 100


def test_only_the_stores_asked_for_are_counted(store):
    post(store=store)
    post(store=StoreFactory())

    mine = ranking(stores=Store.objects.filter(pk=store.pk), everyone=False)

    assert (mine.store_ids, mine.total["total"]) == ([store.pk], 1)


def test_the_worst_come_first_and_nothing_expected_last():
    good, bad, nothing, half = (StoreFactory() for _ in range(4))
    for store, states in ((good, [S.SENT]), (bad, [S.MISSED]), (half, [S.SENT, S.MISSED])):
        for state in states:
            post(store=store, state=state)
    post(store=nothing, slot=4)

    def order(**asked):
        return ranking(**asked).store_ids

    assert order() == [bad.pk, half.pk, good.pk, nothing.pk]
    assert order(sort="nonsense") == order(sort="-nonsense") == order()
    assert order(sort="-share") == [good.pk, half.pk, bad.pk, nothing.pk]
    assert order(sort="-missed") == [bad.pk, half.pk, good.pk, nothing.pk]
    assert order(sort="missed") == [good.pk, nothing.pk, bad.pk, half.pk]
    assert order(sort="-total") == [half.pk, bad.pk, good.pk, nothing.pk]


def test_a_state_narrows_the_stores_and_the_sum_alike():
    bad, good = StoreFactory(), StoreFactory()
    post(store=bad, state=S.MISSED)
    post(store=good, state=S.SENT)

    narrow = ranking(state="missed")

    assert narrow == execution.Ranking([bad.pk], tally(total=1, missed_not_sent=1))
    assert ranking(state="failed") == execution.Ranking([], tally())
    assert ranking(state="nonsense").total["total"] == 2


@pytest.mark.parametrize("stores", [Store.objects.none(), Store.objects.filter(code="nobody")])
def test_somebody_without_stores_sees_an_empty_board(store, stores):
    post(store=store)
    first, last = execution.month_of(DAY, at=AT)
    asked = {"stores": stores, "everyone": False, "state": "", "sort": "share", "at": AT}

    assert execution.day_ranking(day=DAY, **asked) == execution.Ranking([], tally())
    assert execution.month_ranking(first=first, last=last, **asked) == execution.Ranking([], tally())


def test_every_sort_and_state_the_board_offers_is_one_the_database_understands(store):
    post(store=store)

    for sort in (*execution.SORTS, *(f"-{name}" for name in execution.SORTS)):
        assert ranking(sort=sort).store_ids == [store.pk]
    assert ranking(state="waiting").store_ids == [store.pk]
    assert all(ranking(state=name).store_ids == [] for name in set(execution.STATES) - {"waiting"})


def test_a_month_is_the_same_counted_live_or_off_the_roll_up(store):
    for back in range(5):
        for state in (S.SENT, S.MISSED, S.SKIPPED):
            post(store=store, state=state, day=DAY - timedelta(days=back))
    first, last = execution.month_of(DAY, at=AT)

    def month():
        whole = execution.month_ranking(
            first=first, last=last, stores=Store.objects.all(), everyone=True, state="", sort="share", at=AT
        )
        return whole, execution.day_cells(first=first, last=last, store_ids=[store.pk], at=AT)

    live = month()
    days = roll_up(at=AT)

    assert days == [DAY - timedelta(days=back) for back in (4, 3, 2, 1)]
    assert StoreDay.objects.count() == 4
    assert month() == live
    assert live[0].total["total"] == 15
    assert Tally.sum_of(list(live[1].values())) == live[0].total


def test_a_month_holds_its_own_days_only_and_follows_a_day_that_is_counted_anew(store):
    tenth = DAY.replace(day=1) - timedelta(days=18)
    for day in (DAY.replace(day=1) - timedelta(days=1), tenth, DAY.replace(day=1)):
        late = post(store=store, state=S.RELEASED, day=day)
    roll_up(at=AT)
    PostTask.objects.filter(pk=late.pk).update(state=S.SENT, evidence=3, done_at=late.due_at)

    roll_up_day(day=late.day, at=AT)

    months = StoreMonth.objects.order_by("month").values_list("month", "total", "waiting", "on_time")
    assert list(months) == [(tenth.replace(day=1), 2, 2, 0), (DAY.replace(day=1), 1, 0, 1)]


def test_the_roll_up_settles_yesterday_again_and_catches_up_what_it_slept_through(store):
    late = post(store=store, state=S.RELEASED, day=DAY - timedelta(days=6))
    roll_up(at=AT - timedelta(days=5))
    PostTask.objects.filter(pk=late.pk).update(state=S.SENT, evidence=3, done_at=late.due_at)
    for back in (4, 3, 2, 1):
        post(store=store, state=S.SENT, day=DAY - timedelta(days=back))

    roll_up(at=AT)

    assert list(StoreDay.objects.order_by("day").values_list("on_time", flat=True)) == [1] * 5


def test_a_month_ends_today(store):
    assert execution.month_of(DAY, at=AT) == (DAY.replace(day=1), DAY)
    assert execution.month_of(DAY.replace(month=2), at=AT)[1].day == 28
