"""The control address /sandbox/api/…: seed, act as people, move the clock, arrange faults, read what happened.

JSON in and out, and clearly not WeCom's. What people cannot do is a 409 with the reason.
"""

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from wecom.sandbox.callbacks import Courier
from wecom.sandbox.routing import APIS
from wecom.sandbox.settings import UnknownSetting
from wecom.sandbox.store import Store
from wecom.sandbox.web.http import Request, Response, json_response
from wecom.sandbox.world import actions, scenarios, seeding, tags
from wecom.sandbox.world.errors import Impossible

_EFFECTS = ("errcode", "lost", "http")
_PAGE = 1_000
Operation = Callable[[Store, dict[str, Any]], Any]


def _state(store: Store, _: dict[str, Any]) -> Any:
    counts = {
        table: store.value(f"SELECT COUNT(*) FROM {table}")  # noqa: S608 -- our own tables
        for table in ("staff", "contact", "follow", "chat", "chat_member", "event", "ledger", "step")
    }
    waiting = store.value("SELECT COUNT(*) FROM delivery WHERE state = 'waiting'")
    return {"now": store.now(), "counts": counts, "waiting": waiting, "actions": actions.names()}


def _seed(store: Store, given: dict[str, Any]) -> Any:
    return seeding.seed(store, **given)


def _reset(store: Store, _: dict[str, Any]) -> Any:
    """Forget the company; the address and keys of the callback stay."""
    kept = ("corp_id", "agent_id", "app_secret", "contacts_secret", "public_base")
    names = (*kept, *(name for name in store.settings() if name.startswith(("callback_", "trusted_domains"))))
    settings = {name: store.setting(name) for name in names}
    store.erase()
    store.change_settings(settings)
    return {}


def _clock(store: Store, given: dict[str, Any]) -> Any:
    """`freeze` at a moment (null lets it run on from there), `advance` by seconds, or back to the `real` time."""
    if given.get("real"):
        store.keep_real_time()
    if "freeze" in given:
        store.freeze(None if given["freeze"] is None else float(given["freeze"]))
    if "advance" in given:
        store.advance(float(given["advance"]))
    return {"now": store.now()}


def _settings(store: Store, given: dict[str, Any]) -> Any:
    store.change_settings(given)
    return store.settings()


def _fail_next(store: Store, given: dict[str, Any]) -> Any:
    """Refuse the next calls of an API with an errcode, lose their answers (`lost`), or answer 502 (`http`)."""
    effect = given.get("effect", "errcode")
    if given.get("api") not in APIS or effect not in _EFFECTS:
        raise Impossible("没有这个接口或效果")
    store.run(
        "INSERT INTO trap (api, effect, errcode, left) VALUES (?, ?, ?, ?)",
        given["api"], effect, int(given.get("errcode", 0)), int(given.get("times", 1)),
    )  # fmt: skip
    return {}


def _tokens(store: Store, given: dict[str, Any]) -> Any:
    """End the tokens early: `expire` makes them 42001, `revoke` 40014."""
    if given.get("do") == "revoke":
        return {"ended": store.run("UPDATE token SET revoked = 1")}
    return {"ended": store.run("UPDATE token SET expires = 0")}


def _rival(store: Store, given: dict[str, Any]) -> Any:
    """Another app is sending a welcome for some seconds (41096)."""
    until = int(store.now()) + int(given.get("seconds", 2))
    return {"changed": store.run("UPDATE welcome SET rival_until = ? WHERE code = ?", until, given["welcome_code"])}


def _staff(store: Store, given: dict[str, Any]) -> Any:
    """Change what a member may do: status, follows, visible, real_named, admin_welcome, last_login, mobile."""
    columns = {"status", "follows", "visible", "real_named", "admin_welcome", "last_login", "mobile"}
    changes = {name: value for name, value in given.items() if name != "userid"}
    if not changes or not set(changes) <= columns:
        raise Impossible("只能改：" + "、".join(sorted(columns)))
    names = ", ".join(f"{name} = ?" for name in changes)
    return {"changed": store.run(f"UPDATE staff SET {names} WHERE userid = ?", *changes.values(), given["userid"])}  # noqa: S608 -- checked above


def _console_tag(store: Store, given: dict[str, Any]) -> Any:
    """A tag made in the admin console: apps may mark it and not edit it."""
    return tags.make(store, group=given["group"], name=given["name"])


def _batch(store: Store, given: dict[str, Any]) -> Any:
    """Many actions one after the other, each `every` seconds after the last. What nobody can do is left out."""
    results: list[Any] = []
    for name, arguments in given["steps"]:
        store.advance(float(given.get("every", 0)))
        try:
            with store.transaction():
                results.append({"result": actions.perform(store, name, arguments)})
        except Impossible as refusal:
            results.append({"error": str(refusal)})
    return {"results": results}


def _scenario(store: Store, given: dict[str, Any]) -> Any:
    return scenarios.start(store, **given)


def _ledger(store: Store, given: dict[str, Any]) -> Any:
    rows = store.all(
        "SELECT * FROM ledger WHERE id > ? AND (? = '' OR kind = ?) AND (? = '' OR name = ?) ORDER BY id LIMIT ?",
        int(given.get("after", 0)), *([given.get("kind", "")] * 2), *([given.get("name", "")] * 2), _PAGE,
    )  # fmt: skip
    return {"entries": [dict(row) for row in rows]}


def _calls(store: Store, _: dict[str, Any]) -> Any:
    """How often each API was called, refused calls too."""
    rows = store.all("SELECT name, COUNT(*) AS made FROM ledger WHERE kind = 'api' GROUP BY name")
    return {"calls": {row["name"]: row["made"] for row in rows}}


def _events(store: Store, given: dict[str, Any]) -> Any:
    """Every event that happened, lost ones too, and what became of its deliveries."""
    rows = store.all("SELECT * FROM event WHERE id > ? ORDER BY id LIMIT ?", int(given.get("after", 0)), _PAGE)
    found = []
    for row in rows:
        states = store.all("SELECT state, tries FROM delivery WHERE event = ? ORDER BY id", row["id"])
        found.append({**dict(row), "deliveries": [dict(state) for state in states]})
    return {"events": found}


def _rows(store: Store, given: dict[str, Any]) -> Any:
    """The rows of a table, for assertions."""
    tables = (
        "department", "staff", "contact", "follow", "tag_group", "tag", "mark", "chat", "chat_member", "said",
        "send_task", "send_recipient", "message", "transfer", "welcome",
    )  # fmt: skip
    if given.get("table") not in tables:
        raise Impossible("可看的表：" + "、".join(tables))
    rows = store.all(f"SELECT * FROM {given['table']} LIMIT ? OFFSET ?", _PAGE, int(given.get("offset", 0)))  # noqa: S608 -- one of ours
    return {"rows": [dict(row) for row in rows]}


_READS: dict[str, Operation] = {
    "state": _state, "ledger": _ledger, "events": _events, "rows": _rows, "calls": _calls,
    "settings": lambda store, _: store.settings(),
}  # fmt: skip
_WRITES: dict[str, Operation] = {
    "seed": _seed, "reset": _reset, "clock": _clock, "settings": _settings, "fail_next": _fail_next, "tokens": _tokens,
    "rival": _rival, "staff": _staff, "console_tag": _console_tag, "scenario": _scenario,
    "batch": _batch,
}  # fmt: skip


async def respond(store: Store, courier: Courier, request: Request) -> Response:
    name = request.path.removeprefix("/sandbox/api/").strip("/")
    if request.method == "POST" and not request.is_our_own():
        return json_response({"error": "只接受本站的请求"}, status=403)
    if name == "deliver" and request.method == "POST":
        return json_response({"ended": await courier.deliver_due(most=request.json().get("most"))})
    if name == "verify" and request.method == "POST":
        return json_response({"problem": await courier.verify_url()})
    try:
        with store.transaction():
            return json_response(_perform(store, request, name))
    except (Impossible, UnknownSetting) as refusal:
        return json_response({"error": str(refusal)}, status=409)
    except (json.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, sqlite3.Error) as error:
        return json_response({"error": f"参数不对：{error!r}"}, status=400)


def _perform(store: Store, request: Request, name: str) -> Any:
    given = dict(request.query) if request.method == "GET" else request.json()
    if name.startswith("do/") and request.method == "POST":
        return {"result": actions.perform(store, name.removeprefix("do/"), given)}
    operation = (_READS if request.method == "GET" else _WRITES).get(name)
    if operation is None:
        raise Impossible("没有这个操作")
    return operation(store, given)
