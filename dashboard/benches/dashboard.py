"""How soon HQ's overview, the ranking and a store's page open over a chain's year, and how long a day's roll-up takes.

The empty view is measured in the same run, with the same client and middleware. A rebuild of thirty days is compared
with one day on a part of the stores: what matters is that it is thirty times as much and no more.
"""

import json
import os
import platform
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from dashboard.benches import dashboard_sql as sql
from dashboard.benches.callback import environment_of, migrate, places
from wecom.envelope import Envelope

_LOOKS, _FEW = 60, 5
_WHOLE_CHAIN = 1_000  # stores; below it the figures mean little and the looks are few
_REBUILT, _WINDOW = 30, 30  # days
_RUN = "import django; django.setup(); from dashboard.benches.dashboard import measure; measure({stores}, {days})"


def bench_dashboard(stores: int, days: int) -> dict[str, Any]:
    """Pages over `days` of tallies, and the roll-up of a day from its facts, in a database of its own."""
    envelope = Envelope(token=secrets.token_hex(8), aes_key=secrets.token_hex(22)[:43], receiver="bench")
    with places() as (database_url, redis_url):
        environment = environment_of(envelope, database_url, redis_url) | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        migrate(environment)
        command = [sys.executable, "-c", _RUN.format(stores=stores, days=days)]
        done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True, stdout=subprocess.PIPE)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure(stores: int, days: int) -> None:
    """Fill the place of the bench, look and count, and print the figures as one line of JSON."""
    today = timezone.localdate()
    few = max(1, stores // 50)
    figures: dict[str, Any] = {"机器": {"cpu": _processor(), "cores": _cores()}}
    filled = _seconds(lambda: _fill(stores=stores, few=few, days=days, today=today))
    figures["数据"] = _rows() | {"填充秒": filled}
    figures |= _pages(stores=stores, today=today)
    figures |= _rolling(few=few, today=today)
    sys.stdout.write("\n" + json.dumps(figures, ensure_ascii=False) + "\n")


def _fill(*, stores: int, few: int, days: int, today: date) -> None:
    from members.services.partitions import ensure_partitions

    first = today - timedelta(days=_REBUILT + _WINDOW)
    span = [first + timedelta(days=n) for n in range((today - first).days)]
    ensure_partitions(months={day.replace(day=1) for day in (*span, today)})
    with connection.cursor() as cursor:
        cursor.execute(sql.OFF)
        cursor.execute(sql.CHAIN, {"stores": stores, "today": today})
        cursor.execute(sql.STAYS, {})
        for day in span:
            recent = today - timedelta(days=_WINDOW + 1)
            cursor.execute(sql.PURCHASES, {"day": day, "stores": stores, "few": few, "recent": recent})
        for day in span[-2:]:
            cursor.execute(sql.POSTS, {"day": day})
        for back in range(1, days + 1):
            cursor.execute(sql.TALLIES, {"day": today - timedelta(days=back)})
        cursor.execute(sql.COUNTED, {"first": today - timedelta(days=days), "last": today - timedelta(days=1)})
        cursor.execute(sql.ON)


def _pages(*, stores: int, today: date) -> dict[str, Any]:
    from django.test import Client, override_settings
    from django.urls import reverse

    from stores.models import Staff

    many = _LOOKS if stores >= _WHOLE_CHAIN else _FEW
    hq = Staff.objects.create(username="bench-hq", name="总部", role=Staff.Role.HQ)
    manager = Staff.objects.filter(store_id=max(1, stores // 2)).get()
    yesterday = today - timedelta(days=1)
    year = f"?first={yesterday - timedelta(days=364)}&last={yesterday}"
    found = {}
    with override_settings(ROOT_URLCONF="dashboard.benches.dashboard_site"):
        for name, person, path, looks in (
            ("空页面", hq, "/empty/", many),
            ("总览", hq, reverse("metrics:overview"), many),
            ("总览 走势", hq, reverse("metrics:trend"), many),
            ("总览 两头与区域", hq, reverse("metrics:places"), many),
            ("排名", hq, reverse("metrics:ranking"), many),
            ("排名 一年", hq, reverse("metrics:ranking") + year, _FEW),
            ("门店页", manager, reverse("metrics:store", args=[manager.store_id]), many),
        ):
            client = Client(SERVER_NAME="localhost")
            client.force_login(person)
            found[name] = _took(client, path, looks=looks)
    return found


def _rolling(*, few: int, today: date) -> dict[str, Any]:
    from metrics.services.rolling.days import roll_day

    at, last = timezone.now(), today - timedelta(days=1)
    stores = list(range(1, few + 1))
    whole = _seconds(lambda: roll_day(day=last, at=at))
    today_so_far = _seconds(lambda: roll_day(day=today, at=at))
    one = _seconds(lambda: roll_day(day=last, at=at, stores=stores))
    many = _seconds(lambda: [roll_day(day=last - timedelta(days=n), at=at, stores=stores) for n in range(_REBUILT)])
    store = _seconds(lambda: roll_day(day=last, at=at, stores=[1]))
    return {
        "汇总一天 秒": {"全部门店": whole, "今天到现在": today_so_far, "一家门店": store},
        f"重算 {few} 家 秒": {"1天": one, f"{_REBUILT}天": many, "每天": round(many / _REBUILT, 2)},
    }


def _took(client: Any, path: str, *, looks: int) -> dict[str, float]:
    took = []
    for _ in range(looks + 3):
        began = time.perf_counter()
        response = client.get(path)
        if response.status_code != 200:  # noqa: PLR2004 -- HTTP's
            raise RuntimeError(f"{path}: {response.status_code}")
        took.append((time.perf_counter() - began) * 1_000)
    took = sorted(took[3:])  # the first looks load templates
    return {"p50_ms": round(took[len(took) // 2], 1), "p95_ms": round(took[int(len(took) * 0.95)], 1)}


def _rows() -> dict[str, int]:
    from communities.models import CustomerGroup, GroupMembership, PostTask
    from members.models import Purchase
    from metrics.models import StoreTally
    from stores.models import Store

    return {
        "门店": Store.objects.count(), "群": CustomerGroup.objects.count(), "群成员": GroupMembership.objects.count(),
        "购买行": Purchase.objects.count(), "群发": PostTask.objects.count(), "门店日": StoreTally.objects.count(),
    }  # fmt: skip


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 2)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
