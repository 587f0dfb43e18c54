"""How long a chain's day takes to be laid out and a slot to be released, beside bare inserts and bare HTTP calls."""

import contextlib
import http.client
import json
import resource
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from dashboard.benches.callback import environment_of, migrate, places
from wecom.envelope import Envelope

_PARALLEL = 8
_PROGRAM = (
    "import django; django.setup(); from dashboard.benches.slot import measure;"
    " measure({owners}, {groups}, {base!r}, {day!r})"
)
_SERVER = (
    "import sys; from pathlib import Path; from wecom.sandbox import server;"
    "server.serve(host='127.0.0.1', port=int(sys.argv[1]), path=Path(sys.argv[2]), settings={'callback_url': ''})"
)
_CORP, _SECRET, _AGENT = "wwsandbox00000001", "sandbox-app-secret-0001", "1000002"  # the sandbox's own
_PATIENCE = 60.0
_VIEWS, _WARM = 60, 10  # of a page


def bench_slot(owners: int, groups: int) -> dict[str, Any]:
    """Lay out a day of four slots for the groups, then release one slot by group-send and one by reminder cards.

    Everything runs in one process of the product against the sandbox, in a database and a Redis database of its own.
    Both baselines do the least there is: one insert a row, one call a group-send, neither checked nor written down.
    """
    envelope = Envelope(token=secrets.token_hex(8), aes_key=secrets.token_hex(22)[:43], receiver=_CORP)
    day = timezone.localdate()  # the pages show today
    with places() as (database_url, redis_url), _sandbox(owners, groups, day) as base:
        environment = environment_of(envelope, database_url, redis_url) | {
            "WECOM_SECRET": _SECRET, "WECOM_AGENT_ID": _AGENT, "WECOM_API_BASE": base,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }  # fmt: skip
        migrate(environment)
        program = _PROGRAM.format(owners=owners, groups=groups, base=base, day=day.isoformat())
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=settings.BASE_DIR, env=environment, check=True, stdout=subprocess.PIPE
        )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


@contextlib.contextmanager
def _sandbox(owners: int, groups: int, day: date) -> Iterator[str]:
    """A company of so many managers and groups, a minute before the day's first slot."""
    with tempfile.TemporaryDirectory(prefix="bench-slot-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(port), str(Path(folder, "company.sqlite3"))], cwd=settings.BASE_DIR
        )
        try:
            _control(port, "seed", {"managers": owners, "groups": groups, "contacts": 0}, patience=_PATIENCE)
            ahead = _moment(day, 9, 59).timestamp() - time.time()
            _control(port, "clock", {"advance": ahead})
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


def _control(port: int, name: str, given: dict[str, Any], *, patience: float = 0) -> Any:
    ends = time.monotonic() + patience
    while True:
        try:
            return _call(port, "POST", f"/sandbox/api/{name}", given)
        except ConnectionError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


def _call(port: int, method: str, path: str, given: dict[str, Any] | None = None) -> Any:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        line.request(method, path, json.dumps(given) if given is not None else None)
        answer = line.getresponse()
        body = json.loads(answer.read())
        if answer.status != http.client.OK:
            raise RuntimeError(f"沙箱：{body}")
        return body
    finally:
        line.close()


def _moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=timezone.get_default_timezone())


# ---- inside the product's process ---------------------------------------------------------------------------------


def measure(owners: int, groups: int, base: str, iso_day: str) -> None:
    """Run the steps in the places of the bench, and print the figures as one line of JSON."""
    from communities.models import Broadcast, PostTask, Slot, SlotCard
    from communities.services.cadence.materialising import materialise
    from wecom.gateway import wecom

    port = int(base.rpartition(":")[2])
    day, night = date.fromisoformat(iso_day), timedelta(days=1)
    _furnish(_chats(port), owners, day)
    gateway = wecom()
    evening = _moment(day - night, 19)
    steps = _Steps()
    steps("materialise", lambda: materialise(day=day, at=evening))
    posts = PostTask.objects.count()
    steps("materialise_again", lambda: materialise(day=day, at=evening))
    steps("bare_inserts", _bare_inserts)
    steps("release_group_sends", lambda: _release(Slot.objects.get(number=1), _moment(day, 9, 59), gateway))
    sends = Broadcast.objects.filter(state=Broadcast.State.CREATED).count()
    steps("bare_calls", lambda: _bare_calls(port, sends))
    steps("release_cards", lambda: _release(Slot.objects.get(number=2), _moment(day, 11, 59), gateway))
    # A second day: whatever grew would grow again.
    steps("materialise_next_day", lambda: materialise(day=day + night, at=evening + night))
    pages = {"today_board": _page("/today/", "bench0"), "execution_board": _page("/execution/", "bench-hq")}
    figures: dict[str, Any] = {
        "owners": owners, "groups": groups, "posts": posts, "group_sends": sends,
        "cards": SlotCard.objects.filter(state=SlotCard.State.SENT).count(),
        "released": PostTask.objects.filter(state=PostTask.State.RELEASED).count(),
        "page_ms": pages, "seconds": steps.seconds, "own_cpu_seconds": steps.cpu, "peak_memory_mb": steps.memory,
    }  # fmt: skip
    sys.stdout.write(json.dumps(figures) + "\n")


class _Steps:
    """Runs steps and keeps, of each, its seconds, those of our processor time, and the process's peak of memory."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self.memory: dict[str, int] = {"start": _peak_mb()}

    def __call__(self, name: str, step: Callable[[], object]) -> None:
        began, worked = time.perf_counter(), time.process_time()
        step()
        self.seconds[name] = round(time.perf_counter() - began, 2)
        self.cpu[name] = round(time.process_time() - worked, 2)
        self.memory[name] = _peak_mb()
        sys.stderr.write(f"{name}: {self.seconds[name]} s\n")


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _release(slot: Any, at: datetime, gateway: Any) -> None:
    """What sweep and workers do for one slot, one after the other."""
    from communities.models import SlotCard
    from communities.services.cadence import broadcasting, releasing, reminding
    from communities.services.cadence.timing import shards

    for part in shards(releasing.due_stores(at=at, slot=slot)):
        releasing.release(store_ids=part, at=at)
    _patiently(lambda: broadcasting.make_group_sends(gateway=gateway, clock=lambda: at).later)
    _patiently(lambda: reminding.send_cards(gateway=gateway, clock=lambda: at)[SlotCard.State.PENDING])


def _patiently(step: Callable[[], int]) -> None:
    while step():
        time.sleep(1)


def _page(path: str, username: str) -> dict[str, float]:
    """Milliseconds a page takes to be rendered for somebody, from request to answer inside this process."""
    from django.test import Client

    from stores.models import Staff

    visitor = Client(headers={"host": "localhost"})
    visitor.force_login(Staff.objects.get(username=username), backend=settings.AUTHENTICATION_BACKENDS[-1])
    took = []
    for _ in range(_VIEWS):
        began = time.perf_counter()
        answer = visitor.get(path)
        took.append(1_000 * (time.perf_counter() - began))
        if answer.status_code != http.client.OK:
            raise RuntimeError(f"{path}：HTTP {answer.status_code}")
    took = sorted(took[_WARM:])
    return {f"p{share}": round(took[len(took) * share // 100], 1) for share in (50, 95)}


def _chats(port: int) -> list[tuple[str, str]]:
    """(chat id, owner) of every group of the company."""
    found: list[tuple[str, str]] = []
    while page := _call(port, "GET", f"/sandbox/api/rows?table=chat&offset={len(found)}")["rows"]:
        found += [(row["chat_id"], row["owner"]) for row in page]
    return found


@transaction.atomic
def _furnish(chats: list[tuple[str, str]], owners: int, day: date) -> None:
    """The chain as it stands: stores in regions, managers, stock, groups, and a published plan of four slots."""
    from communities.models import CustomerGroup
    from stores.models import Product, Region, Staff, Store, StoreProduct

    regions = [Region.objects.create(code=f"B{n}", name=f"测量{n}", path=f"B{n}/") for n in range(20)]
    stores = Store.objects.bulk_create(
        Store(code=f"B{n:05}", name=f"测量{n}店", region=regions[n % len(regions)]) for n in range(owners)
    )
    Staff.objects.bulk_create(
        Staff(username=f"bench{n}", wecom_userid=f"manager{n + 1:04}", name=f"店长{n}", role="manager", store=store)
        for n, store in enumerate(stores)
    )
    product = Product.objects.create(code="BENCH", name="阳光玫瑰")
    StoreProduct.objects.bulk_create(
        StoreProduct(store=store, product=product, price_fen=1_990, stock=50) for store in stores
    )
    place = {f"manager{n + 1:04}": store for n, store in enumerate(stores)}
    CustomerGroup.objects.bulk_create(
        CustomerGroup(chat_id=chat, name="测量群", owner_userid=owner, store=place[owner]) for chat, owner in chats
    )
    Staff.objects.create(username="bench-hq", name="总部", role="hq")
    _publish(product, day)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _publish(product: Any, day: date) -> None:
    from communities.models import CellMaterial, Material, MaterialVersion, PlanCell, PlanVersion

    at = _moment(day - timedelta(days=1), 12)
    plan = PlanVersion.objects.create(number=1, made_at=at, published_at=at, valid_from=day)
    for slot in (1, 2, 3, 4):
        material = Material.objects.create(name=f"测量{slot}", theme="taste", created_at=at)
        text = f"{{店名}}的{{店长}}：{{商品}}到了，{{价格}}，还有{{库存}}。今天第{slot}条。"
        material.current = MaterialVersion.objects.create(
            material=material, number=1, text=text, product=product, made_at=at
        )
        material.save()
        for weekday in range(7):
            cell = PlanCell.objects.create(version=plan, slot_id=slot, theme="taste", weekday=weekday)
            CellMaterial.objects.create(cell=cell, material=material, position=0)


def _bare_inserts() -> None:
    """The same posts into a table like theirs, one statement a row, in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bare (LIKE communities_posttask INCLUDING ALL) ON COMMIT DROP")
        last = 0
        while rows := _posts_after(cursor, last):
            last = max(row[0] for row in rows)
            cursor.executemany(f"INSERT INTO bare VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)  # noqa: S608 -- only placeholders


def _posts_after(cursor: Any, last: int) -> list[list[Any]]:
    """A few thousand rows, so that the baseline's memory does not hide the product's; their first column is the id."""
    cursor.execute("SELECT * FROM communities_posttask WHERE id > %s ORDER BY id LIMIT 4000", [last])
    return [[json.dumps(value) if isinstance(value, list) else value for value in row] for row in cursor.fetchall()]


def _bare_calls(port: int, count: int) -> None:
    """As many group-sends asked for by the least client there is, over as many connections as the product uses."""
    token = _call(port, "GET", f"/cgi-bin/gettoken?corpid={_CORP}&corpsecret={_SECRET}")["access_token"]
    path = f"/cgi-bin/externalcontact/add_msg_template?access_token={token}"

    def ask(share: range) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for number in share:
            body = {"chat_type": "group", "sender": f"manager{number + 1:04}", "text": {"content": "测量" * 20}}
            line.request("POST", path, json.dumps(body))
            answer = json.loads(line.getresponse().read())
            if answer["errcode"]:
                raise RuntimeError(f"沙箱：{answer}")
        line.close()

    with ThreadPoolExecutor(_PARALLEL) as pool:
        list(pool.map(ask, [range(start, count, _PARALLEL) for start in range(_PARALLEL)]))
