"""How soon thousands of phones see a join on one 接龙, pushed; beside the same list polled, on one process each."""

import asyncio
import http.client
import secrets
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from dashboard.benches.callback import environment_of, migrate, places, served
from wecom.envelope import Envelope

_JOINS, _BETWEEN = 6, 1.0  # seconds: each is seen before the next
_POLLS, _POLLERS = 800, 8
_WAVE = 250  # lines opened at once
_SETUP = "import django; django.setup(); from dashboard.benches.live_list import {what}; {what}({given})"


def bench_live_list(viewers: int) -> dict[str, Any]:
    """Open `viewers` lines to one list, join six times, and time each join from its commit to each phone.

    Then the same list polled: answers a second of "nothing new" from one uvicorn and one gunicorn process, and the
    viewers that makes at one question every two seconds.
    """
    envelope = Envelope(token=secrets.token_hex(8), aes_key=secrets.token_hex(22)[:43], receiver="bench")
    with places() as (database_url, redis_url):
        environment = environment_of(envelope, database_url, redis_url)
        migrate(environment)
        token = _told(environment, "seed", "")
        with _pushing(environment) as address:
            figures = {"pushed": asyncio.run(_watch(address, token, viewers, environment))}
            figures["polled_uvicorn"] = _polled(address, token)
        with served("config.wsgi:application", environment) as address:
            figures["polled_gunicorn"] = _polled(address, token)
    return figures


def seed() -> None:
    """One 接龙 with plenty of one thing, twenty entries on its list; tells its token."""
    from campaigns.models import Board, Campaign, CampaignItem, ItemStock
    from stores.models import Product, Region, Store

    now = timezone.now()
    region = Region.objects.create(code="R", name="区域", path="R/")
    store = Store.objects.create(code="S00001", name="测量店", region=region)
    campaign = Campaign.objects.create(
        play=Campaign.Play.CHAIN, title="贵妃芒接龙", store=store, state=Campaign.State.LIVE, made_at=now,
        starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=9),
    )  # fmt: skip
    product = Product.objects.create(code="P1", name="贵妃芒")
    item = CampaignItem.objects.create(campaign=campaign, product=product, name=product.name, price_fen=2_990)
    ItemStock.objects.create(item=item, store=store, quota=100_000)
    Board.objects.create(campaign=campaign, store=store)
    for number in range(20):
        _join(campaign.token, number)
    sys.stdout.write(campaign.token)


def join(token: str) -> None:
    """Join once per line of input; tells the moment after the commit."""
    for number, _ in enumerate(sys.stdin, start=100):
        _join(token, number)
        sys.stdout.write(f"{time.time()}\n")
        sys.stdout.flush()


def _join(token: str, number: int) -> None:
    from campaigns.models import Campaign
    from campaigns.services.claiming import Wanted, reserve
    from members.models import Member

    campaign = Campaign.objects.select_related("store").get(token=token)
    assert campaign.store is not None  # noqa: S101 -- `seed` gave it one
    member = Member.objects.create(name=f"顾客{number}")
    reserve(
        campaign=campaign, store=campaign.store, member=member, request_key=f"k{number}", settling="shop",
        wanted=[Wanted(item_id=campaign.items.get().pk)], at=timezone.now(),
    )  # fmt: skip


class _Phone(asyncio.Protocol):
    """One line to the list: notes when it hears of a change."""

    def __init__(self, request: bytes, heard: list[float]) -> None:
        self._request, self._heard = request, heard
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- what a TCP line is
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        # An event may come in two pieces: the few bytes that could be half a name are kept.
        text = self._rest + data
        self._heard.extend([time.time()] * text.count(b"event: board"))
        self._rest = text[-11:] if not text.endswith(b"event: board") else b""


async def _watch(address: tuple[str, int], token: str, viewers: int, environment: dict[str, str]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    request = (
        f"GET /h/{token}/live/ HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
    ).encode()  # fmt: skip
    heard: list[float] = []
    began = time.time()
    lines: list[asyncio.BaseTransport] = []
    for start in range(0, viewers, _WAVE):
        wave = [
            loop.create_connection(lambda: _Phone(request, heard), *address) for _ in range(min(_WAVE, viewers - start))
        ]
        lines += [transport for transport, _ in await asyncio.gather(*wave)]
        await _until(heard, len(lines), 60)
    opened = time.time() - began
    times: list[list[float]] = []
    async with _joiner(environment, token) as joined:
        for _ in range(_JOINS):
            heard.clear()
            at = await anext(joined)
            await _until(heard, viewers, 30)
            times.append(sorted(moment - at for moment in heard))
            await asyncio.sleep(_BETWEEN)
    for line in lines:
        line.close()
    seen = sorted(one for of in times for one in of)
    return {
        "viewers": viewers, "opened_per_second": round(viewers / opened), "missed": _JOINS * viewers - len(seen),
        "p50_ms": round(1_000 * statistics.median(seen)), "p99_ms": round(1_000 * seen[int(len(seen) * 0.99)]),
        "slowest_ms": round(1_000 * seen[-1]),
        "fan_out_per_second": round(statistics.median(viewers / max(0.001, of[-1] - of[0]) for of in times)),
    }  # fmt: skip


async def _until(heard: list[float], count: int, patience: float) -> None:
    until = time.monotonic() + patience
    while len(heard) < count and time.monotonic() < until:  # noqa: ASYNC110 -- an event a line would cost what is timed
        await asyncio.sleep(0.02)


@asynccontextmanager
async def _joiner(environment: dict[str, str], token: str) -> AsyncIterator[AsyncIterator[float]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SETUP.format(what="join", given=repr(token)), cwd=settings.BASE_DIR,
        env=environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None  # noqa: S101 -- asked for above
    assert process.stdout is not None  # noqa: S101 -- asked for above

    async def moments(asking: asyncio.StreamWriter, telling: asyncio.StreamReader) -> AsyncIterator[float]:
        while True:
            asking.write(b"\n")
            yield float(await telling.readline())

    try:
        yield moments(process.stdin, process.stdout)
    finally:
        process.stdin.close()
        await process.wait()


def _told(environment: dict[str, str], what: str, given: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _SETUP.format(what=what, given=given)], cwd=settings.BASE_DIR, check=True,
        env=environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout.strip()


@contextmanager
def _pushing(environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """One uvicorn process, as the demo and the service `live` run it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(2_048)
        server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "config.asgi:application", "--fd", str(listener.fileno()),
             "--lifespan", "off", "--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "1"],
            cwd=settings.BASE_DIR, env=environment, pass_fds=[listener.fileno()],
        )  # fmt: skip
        try:
            address: tuple[str, int] = listener.getsockname()
            yield address
        finally:
            server.terminate()
            server.wait(30)


def _polled(address: tuple[str, int], token: str) -> dict[str, Any]:
    """Answers a second to "anything new?" when there is nothing."""
    tag = _asked(address, f"/h/{token}/live/", 1)
    path = f"/h/{token}/live/?v={tag}"
    _asked(address, path, 50)
    began = time.perf_counter()
    threads = [threading.Thread(target=_asked, args=(address, path, _POLLS // _POLLERS)) for _ in range(_POLLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = _POLLS / (time.perf_counter() - began)
    return {"per_second": round(rate), "viewers_at_two_seconds": round(rate * 2)}


def _asked(address: tuple[str, int], path: str, count: int) -> str:
    """Ask so many times on one line; the state's name in the last answer."""
    line = http.client.HTTPConnection(*address, timeout=60)
    tag = ""
    for _ in range(count):
        line.request("GET", path, headers={"Host": "localhost"})
        answer = line.getresponse()
        answer.read()
        tag = answer.headers.get("X-Board", "")
    line.close()
    return tag
