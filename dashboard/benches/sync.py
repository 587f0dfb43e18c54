"""How long a full reading of a large company takes, killed twice on its way, beside the bare calls it consists of."""

import contextlib
import math
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
from django.conf import settings

from dashboard.benches.callback import environment_of, migrate, places
from wecom.envelope import Envelope

_GROUPS_PER_MANAGER = 3.2  # 16,000 groups in 5,000 stores
_FASTEST = "10000"  # calls of one API a minute: WeCom's own limit
_UNLIMITED = 10**9
_PER_CALL = {"colleagues": 100, "contacts": 100, "owners": 100, "groups": 1_000}
_SEED = "import sys, django; django.setup(); from dashboard.benches.sync import seed; seed(int(sys.argv[1]))"
_POLL = 0.2
_START = 600.0  # seconds to seed the largest company on a busy machine
_TABLES = (
    "stores_department", "stores_staff", "members_member", "members_identity", "members_contact",
    "communities_customergroup", "communities_groupmembership",
)  # fmt: skip


def bench_sync(*, groups: int, contacts: int) -> dict[str, Any]:
    """Read a company of so many groups and contacts with `manage.py reconcile`, killed in the middle of each kind.

    Calls are counted at the sandbox, beside the fewest its page sizes allow; the bar is the same calls with nothing
    done about the answers. Everything happens in places of its own, which are removed.
    """
    managers = max(1, round(groups / _GROUPS_PER_MANAGER))
    envelope = Envelope(
        token=secrets.token_hex(8), aes_key=secrets.token_hex(22)[:43], receiver=f"bench{secrets.token_hex(6)}"
    )
    with places() as (database_url, redis_url), socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = environment_of(envelope, database_url, redis_url) | {
            "WECOM_SECRET": secrets.token_hex(16), "WECOM_AGENT_ID": "1", "WECOM_API_BASE": f"http://127.0.0.1:{port}",
            "WECOM_BULK_PER_MINUTE": _FASTEST, "DJANGO_SETTINGS_MODULE": "config.settings",
        }  # fmt: skip
        migrate(environment)
        with _sandbox(environment, port, managers=managers, groups=groups, contacts=contacts) as (control, seeding):
            subprocess.run(
                [sys.executable, "-c", _SEED, str(managers)], cwd=settings.BASE_DIR, env=environment, check=True
            )
            bare = _bare_calls(control, environment)
            before = _calls(control)
            middles = {
                "externalcontact/batch/get_by_user": contacts // _PER_CALL["contacts"] // 2,
                "externalcontact/groupchat/get": groups // 2,
            }
            reading = _read_killed(environment, control, database_url, before=before, middles=middles)
            after = _calls(control)
        stored = _stored(database_url)
    made = sum(after.values()) - sum(before.values()) - (after["gettoken"] - before["gettoken"])
    fewest = _fewest(departments=managers + 1, managers=managers, groups=groups, contacts=contacts)
    rows = sum(stored.values())
    return {
        "groups": groups, "contacts": contacts, "managers": managers, "seconds_to_seed": round(seeding, 1),
        "calls": {"made": made, "fewest": fewest, "ratio": round(made / fewest, 4)},
        "reading": {
            "seconds": round(reading["seconds"], 1), "kills": reading["kills"], "calls_per_second": round(
                made / reading["seconds"]), "rows_per_second": round(rows / reading["seconds"]),
            "peak_memory_mb": reading["peak_mb"],
        },
        "bare_calls": {"calls": bare[0], "seconds": round(bare[1], 1), "calls_per_second": round(bare[0] / bare[1])},
        "share_of_bare_calls": round(bare[1] / bare[0] * made / reading["seconds"], 3),
        "rows": stored,
    }  # fmt: skip


def seed(stores: int) -> None:
    """The stores the sandbox's departments stand for, in the places of the bench."""
    from stores.models import Region, Store

    region = Region.objects.create(code="B", name="测量", path="B/")
    Store.objects.bulk_create(
        [Store(code=f"B{n:05}", name=f"{n:04}店", region=region) for n in range(1, stores + 1)], batch_size=1_000
    )


def _fewest(*, departments: int, managers: int, groups: int, contacts: int) -> int:
    """The tree, two calls a department; the tags; who serves, then full pages; the lists by owners, and each group."""
    staff = 1 + 2 * departments
    customers = 1 + 1 + math.ceil(contacts / _PER_CALL["contacts"])
    return staff + customers + 1 + math.ceil(managers / _PER_CALL["owners"]) + groups


@contextlib.contextmanager
def _sandbox(
    environment: dict[str, str], port: int, *, managers: int, groups: int, contacts: int
) -> Iterator[tuple[httpx.Client, float]]:
    """A sandbox in a process of its own, and the seconds until it answered, filled."""
    with tempfile.TemporaryDirectory(prefix="bench-sync-") as folder:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "manage.py", "wecom_sandbox", "--port", str(port), "--data",
             Path(folder, "company.sqlite3"), "--seed", str(managers), str(groups), str(contacts)],
            cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as control:
                _await(control)
                took = time.perf_counter() - began
                # The bare calls come faster than WeCom would allow.
                free = {"callback_url": "", "api_per_minute": _UNLIMITED, "api_per_hour": _UNLIMITED}
                control.post("/sandbox/api/settings", json=free).raise_for_status()
                yield control, took
        finally:
            process.terminate()
            process.wait(30)


def _await(control: httpx.Client) -> None:
    ends = time.monotonic() + _START
    while True:
        try:
            control.get("/sandbox/api/state").raise_for_status()
        except httpx.TransportError:
            if time.monotonic() > ends:
                raise RuntimeError("沙箱没有启动") from None
            time.sleep(_POLL)
        else:
            return


def _calls(control: httpx.Client) -> dict[str, int]:
    found: dict[str, int] = control.get("/sandbox/api/calls").raise_for_status().json()["calls"]
    return {"gettoken": 0} | found


def _bare_calls(control: httpx.Client, environment: dict[str, str]) -> tuple[int, float]:
    """Every call of a full reading, its answer parsed and dropped. Returns how many and how long they took."""
    secret = {"corpid": environment["WECOM_CORP_ID"], "corpsecret": environment["WECOM_SECRET"]}
    token = {"access_token": control.get("/cgi-bin/gettoken", params=secret).json()["access_token"]}
    made = 0

    def ask(path: str, body: dict[str, Any] | None = None, **query: Any) -> dict[str, Any]:
        nonlocal made
        made += 1
        method = "GET" if body is None else "POST"
        answer: dict[str, Any] = control.request(
            method, f"/cgi-bin/{path}", params=token | query, json=body
        ).json()  # fmt: skip
        if answer["errcode"]:
            raise RuntimeError(f"{path}：{answer['errmsg']}")
        return answer

    began = time.perf_counter()
    for node in ask("department/simplelist")["department_id"]:
        ask("department/get", id=node["id"])
        ask("user/list", department_id=node["id"])
    ask("externalcontact/get_corp_tag_list", {})
    userids = ask("externalcontact/get_follow_user_list")["follow_user"]
    for first in range(0, len(userids), _PER_CALL["colleagues"]):
        some = userids[first : first + _PER_CALL["colleagues"]]
        cursor = {"cursor": ""}
        while cursor:
            body = {"userid_list": some, "limit": _PER_CALL["contacts"], **cursor}
            following = ask("externalcontact/batch/get_by_user", body).get("next_cursor")
            cursor = {"cursor": following} if following else {}
    ask("externalcontact/get_follow_user_list")
    for first in range(0, len(userids), _PER_CALL["owners"]):
        owners = {"userid_list": userids[first : first + _PER_CALL["owners"]]}
        listed = ask("externalcontact/groupchat/list", {"limit": _PER_CALL["groups"], "owner_filter": owners})
        for one in listed["group_chat_list"]:
            ask("externalcontact/groupchat/get", {"chat_id": one["chat_id"]})
    return made, time.perf_counter() - began


def _read_killed(
    environment: dict[str, str], control: httpx.Client, database_url: str, *, before: dict[str, int],
    middles: dict[str, int],
) -> dict[str, Any]:  # fmt: skip
    """Start the command as often as it takes; each time one of the `middles` is passed, kill it."""
    seconds, peak, kills = 0.0, 0, 0
    for api, count in [*middles.items(), ("", 0)]:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "manage.py", "reconcile"], cwd=settings.BASE_DIR, env=environment,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        while api and process.poll() is None:
            if _calls(control).get(api, 0) - before.get(api, 0) >= count:
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
                break
            time.sleep(_POLL)
        if process.returncode is None:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            peak = max(peak, used.ru_maxrss)
        seconds += time.perf_counter() - began
        if process.returncode not in {0, -signal.SIGKILL}:
            raise RuntimeError("核对没有完成")
        with psycopg.connect(database_url) as bare:
            # The next worker would wait three minutes for the dead one; that wait is not what is measured.
            bare.execute("UPDATE wecom_syncrun SET leased_until = now() WHERE finished_at IS NULL")
    return {"seconds": seconds, "peak_mb": peak // 1_024, "kills": kills}


def _stored(database_url: str) -> dict[str, int]:
    with psycopg.connect(database_url) as bare:
        counts = {}
        for table in _TABLES:
            row = bare.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 -- our own names
            counts[table] = int(row[0]) if row else 0
        return counts
