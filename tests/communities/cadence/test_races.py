"""Two beats, a changed plan in the middle of a release, and clocks that jump: every post is released once."""

import threading
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from communities.models import Broadcast, PostContent, PostTask
from communities.services.cadence import broadcasting, releasing
from communities.services.cadence.materialising import materialise
from communities.services.cadence.releasing import due_posts, release
from tests.communities.cadence.days import DAY, EVENING, cell, material, moment, published, store_of
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)


def a_day(**fields):
    store = store_of("zhang", "wr1", "wr2", "wr3")
    cell(published(), 1, **fields)
    materialise(day=DAY, at=EVENING)
    return store


def test_two_beats_release_each_post_once():
    store = a_day()
    run = partial(release, store_ids=[store.pk], at=moment(9, 58))

    results = race(run, run)

    assert sorted((result.posts, result.group_sends) for result in results) == [(0, 0), (3, 1)]
    assert Broadcast.objects.count() == 1


def test_control_without_the_lock_and_the_condition_both_beats_release_all():
    store = a_day()
    content = PostContent.objects.create(
        store=store, version=PostTask.objects.first().version, day=DAY, slot_id=1, text="话"
    )
    PostTask.objects.update(channel="assisted", content=content)
    both_have_looked = threading.Barrier(2)

    def unguarded() -> int:
        ids = list(due_posts(at=moment(9, 58)).values_list("pk", flat=True))
        both_have_looked.wait(30)
        return PostTask.objects.filter(pk__in=ids).update(state="released", released_at=moment(9, 58))

    assert race(unguarded, unguarded) == [3, 3]


def test_two_workers_make_each_group_send_once(chain):
    chain.plan()
    at = chain.at(9, 58)
    for store in chain.stores:
        release(store_ids=[store.pk], at=at)
    run = partial(broadcasting.make_group_sends, gateway=chain.gateway, clock=lambda: at)

    results = race(run, run)

    assert sum(result.created for result in results) == 2
    assert Counter(row["userid"] for row in chain.company.rows("send_task")) == {"manager0001": 1, "manager0002": 1}


def test_control_without_the_claim_two_workers_make_it_twice(chain):
    chain.plan()
    at = chain.at(9, 58)
    release(store_ids=[chain.stores[0].pk], at=at)
    both_have_looked = threading.Barrier(2)

    def unclaimed() -> str:
        [send] = Broadcast.objects.filter(state="pending")
        both_have_looked.wait(30)
        chats = [group.chat_id for group in chain.groups["manager0001"]]
        made = chain.gateway.group_sends.to_groups(sender=send.owner_userid, chat_ids=chats, text="话")
        return made.msgid

    assert len(set(race(unclaimed, unclaimed))) == 2
    assert len(chain.company.rows("send_task")) == 2


class InFlight:
    """WeCom behind a line on which one request has left and not arrived: it waits until the test lets it."""

    def __init__(self, gateway):
        self._sends, self.left, self.arrives = gateway.group_sends, threading.Event(), threading.Event()
        self.group_sends = self

    def to_groups(self, **order):
        self.left.set()
        assert self.arrives.wait(30)
        return self._sends.to_groups(**order)


def a_jump_in_flight(chain):
    """A request is under way when the clock jumps by twelve minutes and another worker has its turn."""
    chain.plan()
    at = chain.at(9, 48)
    PostTask.objects.update(release_at=at)
    release(store_ids=[chain.stores[0].pk], at=at)
    line = InFlight(chain.gateway)

    def first() -> broadcasting.Made:
        return broadcasting.make_group_sends(gateway=line, clock=lambda: at)

    def second() -> broadcasting.Made:
        assert line.left.wait(30)
        try:
            return broadcasting.make_group_sends(gateway=chain.gateway, clock=lambda: moment(10, 0))
        finally:
            line.arrives.set()

    return race(first, second)


def test_a_clock_that_jumps_while_a_request_is_under_way_makes_nothing_twice(chain):
    first, second = a_jump_in_flight(chain)

    assert (first.created, second.created, second.found) == (1, 0, 0)
    assert len(chain.company.rows("send_task")) == 1
    assert Broadcast.objects.get().msgid == chain.company.rows("send_task")[0]["msgid"]


def test_control_without_the_lock_the_jump_makes_it_twice(chain, monkeypatch):
    monkeypatch.setattr(broadcasting, "_held", lambda orders: orders)

    a_jump_in_flight(chain)

    assert len(chain.company.rows("send_task")) == 2


def test_what_another_worker_looked_for_before_the_request_left_is_his(chain, monkeypatch):
    """The clock jumps while the files are uploaded: the row is asked for once, by whoever looked."""
    chain.plan()
    at = chain.at(9, 48)
    PostTask.objects.update(release_at=at)
    release(store_ids=[chain.stores[0].pk], at=at)
    uploaded = broadcasting.wecom_attachments

    def slow(*args, **given):
        monkeypatch.setattr(broadcasting, "wecom_attachments", uploaded)
        [other] = race(partial(broadcasting.make_group_sends, gateway=chain.gateway, clock=lambda: moment(10, 0)))
        assert other.created == 1
        return uploaded(*args, **given)

    monkeypatch.setattr(broadcasting, "wecom_attachments", slow)

    made = broadcasting.make_group_sends(gateway=chain.gateway, clock=lambda: at)

    assert made.created == 0
    assert len(chain.company.rows("send_task")) == 1


@pytest.mark.parametrize("turn", range(3))
def test_a_plan_that_changes_during_a_release_touches_only_what_is_not_released(turn):
    store = a_day()
    old = PostTask.objects.first().version_id
    other = material("莲雾到店")
    new = published()
    cell(new, 1, other)

    race(
        partial(release, store_ids=[store.pk], at=moment(9, 58)),
        partial(materialise, day=DAY, store_ids=[store.pk], at=moment(9, 58)),
    )
    release(store_ids=[store.pk], at=moment(9, 59))

    posts = PostTask.objects.select_related("content")
    assert Counter(post.state for post in posts) == {"released": 3}
    assert {(post.version_id, post.content.version_id) for post in posts} in (
        {(old, old)}, {(other.current_id, other.current_id)},
    )  # fmt: skip
    assert Broadcast.objects.count() == 1


def test_a_manager_who_skips_while_it_is_released_is_never_overruled():
    store = a_day()

    def skip() -> int:
        return PostTask.objects.filter(group__chat_id="wr1", state__in=["planned", "released"]).update(
            state="skipped", skip_reason="out_of_stock"
        )

    race(partial(release, store_ids=[store.pk], at=moment(9, 58)), skip)

    assert PostTask.objects.get(group__chat_id="wr1").state == "skipped"
    assert PostTask.objects.filter(state="released").count() == 2


def test_a_clock_that_jumps_back_releases_nothing_again_and_one_that_jumps_on_releases_once(chain):
    chain.plan()
    runs = [chain.run(9, 59), chain.run(9, 30), chain.run(9, 59), chain.run(10, 40), chain.run(9, 59)]

    assert [run.released.posts for run in runs] == [4, 0, 0, 0, 0]
    assert len(chain.company.rows("send_task")) == 2


def test_a_clock_that_jumps_over_the_slot_releases_nothing(chain):
    chain.plan()
    runs = [chain.run(9, 30), chain.run(11, 30)]

    assert [run.released.posts for run in runs] == [0, 0]
    assert runs[1].closed.missed == 4
    assert chain.company.rows("send_task") == []


def test_late_within_the_grace_is_released_late():
    store = a_day()

    result = releasing.release(store_ids=[store.pk], at=moment(11) - timedelta(seconds=1))

    assert result.posts == 3
