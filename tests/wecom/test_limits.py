import threading
import time
from datetime import UTC, datetime

import pytest

from tests.wecom.envelopes import CORP_ID
from tests.wecom.fake import BASE, Clock, FakeWeCom, NotedAlerts, refusal
from tests.wecom.threads import together
from wecom.client.errors import Throttled
from wecom.client.limits import Limiter, Rate
from wecom.configuration import Application
from wecom.gateway import connect

PATH = "externalcontact/list"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
OK = {"errcode": 0, "external_userid": ["wm1"]}


def _ids(site):
    return site.wecom.customers.ids_of(userid="Lin")


def test_calls_beyond_the_rate_wait_for_the_next_window_or_give_up(store):
    clock = Clock()
    limiter = Limiter(store, corp_id=CORP_ID, clock=clock, sleep=clock.sleep)

    def call(patience):
        with limiter.admitted("a", rate=Rate(per_minute=3, per_hour=5), lane="people", patience=patience):
            pass

    for _ in range(3):
        call(0)
    with pytest.raises(Throttled) as throttled:
        call(5)
    call(90)
    call(0)
    with pytest.raises(Throttled) as for_the_hour:
        call(90)

    assert (throttled.value.retry_after, clock.slept) == (60, [60])
    assert for_the_hour.value.retry_after == 3_540


def test_rate_is_shared_by_all_workers(store):
    clock = Clock()
    workers = [Limiter(store, corp_id=CORP_ID, parallel=100, clock=clock, sleep=clock.sleep) for _ in range(20)]
    remaining = iter(workers)
    take = threading.Lock()

    def call():
        with take:
            limiter = next(remaining)
        with limiter.admitted("a", rate=Rate(per_minute=7, per_hour=100), lane="people", patience=0):
            return "called"

    results = together(20, call)

    assert results.count("called") == 7


def test_no_more_calls_are_under_way_than_there_are_places(store):
    limiter = Limiter(store, corp_id=CORP_ID, parallel=3)
    under_way, most = [], []
    watch = threading.Lock()
    full = threading.Semaphore(0)

    def call():
        with limiter.admitted("a", rate=Rate(), lane="people", patience=30):
            with watch:
                under_way.append(1)
                most.append(len(under_way))
                if len(under_way) == 3:
                    full.release(12)
            assert full.acquire(timeout=30)
            with watch:
                under_way.pop()

    together(12, call)

    assert max(most) == 3


def test_place_of_a_killed_worker_frees_itself(store):
    clock = Clock()
    limiter = Limiter(store, corp_id=CORP_ID, parallel=1, clock=clock, sleep=clock.sleep)
    killed = limiter.admitted("a", rate=Rate(), lane="people", patience=0)
    killed.__enter__()

    with limiter.admitted("a", rate=Rate(), lane="people", patience=120):
        waited = sum(clock.slept)

    assert 89 <= waited <= 91


def test_sync_leaves_room_for_people(connect_to):
    site = connect_to(**{PATH: [OK]})
    site.limiter.bulk = Rate(per_minute=2, per_hour=100)
    bulk = site.wecom.bulk()

    for _ in range(3):
        bulk.customers.ids_of(userid="Lin")

    assert site.clock.slept == [60]  # the third call of the sync waited a minute
    assert _ids(site) == ["wm1"]
    assert site.clock.slept == [60]


def test_tags_of_one_customer_are_written_one_at_a_time(store):
    fake = FakeWeCom()
    busy, overlaps = threading.Lock(), []

    def mark(request):
        if not busy.acquire(blocking=False):
            overlaps.append(1)
            return refusal(45035)
        time.sleep(0.005)  # long enough for an overlap to happen if it can
        busy.release()
        return {"errcode": 0}

    fake.script["externalcontact/mark_tag"] = [mark]
    client = connect(
        app=Application("app", CORP_ID, "secret-of-app", "218"), base=BASE, store=store, http=fake.http(),
        alerts=NotedAlerts(),
    )  # fmt: skip

    results = together(6, lambda: client.tags.mark(userid="Lin", external_userid="wm1", add=["t"]))

    assert (results, overlaps) == ([None] * 6, [])
