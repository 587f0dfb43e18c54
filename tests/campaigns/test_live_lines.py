"""The pushed list: every open line hears of a change once, in the same words, and the newest state only."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.core.cache import cache
from django.db import connection

from campaigns.h5 import live
from campaigns.models import Board
from tests.campaigns.selling import chain, goods

pytestmark = pytest.mark.django_db(transaction=True)


def apart(run):
    """Run it in a thread of its own: Playwright keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(run())).result(60)


def scope(campaign, query="", accept=b"text/event-stream"):
    return {
        "type": "http", "method": "GET", "path": f"/h/{campaign.token}/live/", "query_string": query.encode(),
        "headers": [(b"accept", accept)],
    }  # fmt: skip


class Line:
    """One phone's line."""

    def __init__(self):
        self.heard = asyncio.Queue()
        self.hung_up = asyncio.Event()

    async def send(self, message):
        await self.heard.put(message)

    async def receive(self):
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def next_event(self):
        while True:
            message = await asyncio.wait_for(self.heard.get(), 10)
            if b"event: board" in message.get("body", b""):
                return message["body"]


@pytest.fixture(autouse=True)
def _clean():
    cache.clear()
    yield
    cache.clear()


def change(campaign):
    Board.objects.filter(campaign=campaign).update(version=7)
    connection.close()


async def listening(hub, lines, campaign, query=""):
    tasks = [asyncio.ensure_future(hub.serve(scope(campaign, query), line.receive, line.send)) for line in lines]
    first = await asyncio.gather(*(line.next_event() for line in lines))
    return tasks, first


def test_all_lines_hear_the_same_change_and_hanging_up_ends_them(monkeypatch):
    campaign = chain()
    goods(campaign)
    drawings = []
    original = live.drawn
    monkeypatch.setattr(live, "drawn", lambda *args: drawings.append(args) or original(*args))

    async def run():
        hub, lines = live.Hub(), [Line() for _ in range(20)]
        tasks, first = await listening(hub, lines, campaign)
        await asyncio.to_thread(change, campaign)
        second = await asyncio.gather(*(line.next_event() for line in lines))
        for line in lines:
            line.hung_up.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
        return first, second, hub

    first, second, hub = apart(run)

    assert (len(set(first)), len(set(second))) == (1, 1)
    assert b"id: 7.live" in second[0]
    assert len(drawings) == 2  # one a change, whatever the number of lines
    assert hub._channels == {}


def test_a_line_that_knows_the_state_hears_nothing_until_it_changes():
    campaign = chain()
    goods(campaign)

    async def run():
        hub, line = live.Hub(), Line()
        task = asyncio.ensure_future(hub.serve(scope(campaign, "v=0.live"), line.receive, line.send))
        with suppress(TimeoutError):
            await asyncio.wait_for(line.next_event(), 3 * live.LOOK_EVERY)
            raise AssertionError("told what it knew")
        await asyncio.to_thread(change, campaign)
        word = await line.next_event()
        line.hung_up.set()
        await asyncio.wait_for(task, 10)
        return word

    assert b"id: 7.live" in apart(run)


def test_a_forged_link_is_refused_before_a_line_opens():
    campaign = chain()
    campaign.token = "A" * 22

    async def run():
        line = Line()
        await live.Hub().serve(scope(campaign), line.receive, line.send)
        return await line.heard.get()

    assert apart(run)["status"] == 404


def test_only_event_streams_of_lists_go_past_django():
    campaign = chain()

    assert live.wants_events(scope(campaign))
    assert not live.wants_events(scope(campaign, accept=b"text/html"))
    assert not live.wants_events(scope(campaign) | {"path": "/h/orders/"})
    assert not live.wants_events({"type": "lifespan"})
