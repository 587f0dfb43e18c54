"""Entry codes: 联系我 and 加入群聊 (wecom.md §3.6)."""

from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import lookups
from wecom.sandbox.routing import Answer, Call, api, page, position_of

_MEMBERS = 100
_GROUPS = 5
_CODES_OF_COMPANY = 500_000
_DAYS = 86_400
_TEXT_BYTES = 4_000


def _budget(call: Call) -> None:
    made = call.store.value("SELECT COUNT(*) FROM document WHERE kind IN ('contact_way', 'join_way')")
    if made >= _CODES_OF_COMPANY:
        raise Refused(40058, "too many codes")


def _picture(call: Call, config_id: str) -> str:
    return f"{call.store.setting('public_base')}/sandbox/qr/{config_id}.png"


def _serving(call: Call, *, single: bool) -> dict[str, Any]:
    given = call.arguments
    users = [lookups.serving_member(call, userid)["userid"] for userid in given.texts("user", most=_MEMBERS)]
    parties = given.numbers("party")
    for party in parties:
        if call.store.one("SELECT 1 FROM department WHERE id = ?", party) is None:
            raise Refused(60123, str(party))
    if single and (len(users) != 1 or parties):
        raise Refused(40058, "type 1 takes exactly one user")
    if not users and not parties:
        raise Refused(40063, "user and party")
    return {"user": users, "party": parties}


@api("externalcontact/add_contact_way", empty={"config_id": "", "qr_code": ""})
def add_contact_way(call: Call) -> Answer:
    given = call.arguments
    kind, scene = given.choice("type", (1, 2)), given.choice("scene", (1, 2))
    if given.flag("is_temp", default=False):
        raise Refused(40058, "is_temp is for medical companies")
    if "conclusions" in given:
        given.part("conclusions").part("text").text("content", octets=_TEXT_BYTES)
        raise Refused(40058, "conclusions are for temporary chats")
    _budget(call)
    config_id = call.store.new_id("", 32)
    way = {
        "config_id": config_id, "type": kind, "scene": scene, "style": given.number("style", default=1),
        "remark": given.text("remark", chars=30), "skip_verify": given.flag("skip_verify", default=True),
        "state": given.text("state", chars=30), **_serving(call, single=kind == 1), "is_temp": False,
        "is_exclusive": given.flag("is_exclusive", default=False),
        "mark_source": given.flag("mark_source", default=True),
    }  # fmt: skip
    picture = {"qr_code": _picture(call, config_id)} if scene == 2 else {}  # noqa: PLR2004 -- 2 is a QR code
    call.store.keep("contact_way", config_id, {**way, **picture})
    return {"config_id": config_id, **picture}


def _way(call: Call, kind: str) -> dict[str, Any]:
    config_id = call.arguments.text("config_id", required=True)
    way = call.store.document(kind, config_id)
    if way is None:
        raise Refused(40058, "config_id")
    return way


@api("externalcontact/get_contact_way", empty={"contact_way": {}})
def get_contact_way(call: Call) -> Answer:
    return {"contact_way": _way(call, "contact_way")}


@api("externalcontact/list_contact_way", empty={"contact_way": [], "next_cursor": ""})
def list_contact_way(call: Call) -> Answer:
    given = call.arguments
    until = given.number("end_time", default=call.now)
    since = given.number("start_time", default=until - 90 * _DAYS)
    if since > until:
        raise Refused(40058, "start_time")
    limit = given.number("limit", default=100, low=1, high=1_000)
    created, after = position_of(given, -1, "")
    rows = call.store.all(
        "SELECT id, created FROM document WHERE kind = 'contact_way' AND created BETWEEN ? AND ?"
        " AND (created, id) > (?, ?) ORDER BY created, id LIMIT ?", since, until, created, after, limit + 1,
    )  # fmt: skip
    rows, following = page(rows, limit, at=lambda row: (row["created"], row["id"]))
    return {"contact_way": [{"config_id": row["id"]} for row in rows], "next_cursor": following}


@api("externalcontact/update_contact_way")
def update_contact_way(call: Call) -> Answer:
    """Members, departments and remark are overwritten; type and scene stay."""
    given, way = call.arguments, _way(call, "contact_way")
    changed: dict[str, Any] = {"remark": given.text("remark", chars=30)} if "remark" in given else {}
    if "state" in given:
        changed["state"] = given.text("state", chars=30)
    if "skip_verify" in given:
        changed["skip_verify"] = given.flag("skip_verify", default=True)
    if "style" in given:
        changed["style"] = given.number("style")
    if "user" in given or "party" in given:
        changed |= _serving(call, single=way["type"] == 1)
    call.store.keep("contact_way", way["config_id"], {**way, **changed})
    return {}


@api("externalcontact/del_contact_way")
def del_contact_way(call: Call) -> Answer:
    call.store.drop("contact_way", _way(call, "contact_way")["config_id"])
    return {}


@api("externalcontact/close_temp_chat")
def close_temp_chat(call: Call) -> Answer:
    """Temporary chats are for medical companies, so there is none to close."""
    lookups.relation(
        call, call.arguments.text("userid", required=True), call.arguments.text("external_userid", required=True)
    )
    raise Refused(40058, "not a temporary chat")


def _groups(call: Call) -> list[str]:
    ids = call.arguments.texts("chat_id_list", most=_GROUPS, required=True)
    for chat_id in ids:
        lookups.chat(call, chat_id)
    return ids


def _join_way(call: Call, way: dict[str, Any]) -> dict[str, Any]:
    given = call.arguments
    way |= {
        "scene": given.choice("scene", (1, 2)),
        "remark": given.text("remark")[:30],  # cut, not refused
        "auto_create_room": int(given.flag("auto_create_room", default=True)),
        "room_base_name": given.text("room_base_name", chars=40),
        "room_base_id": given.number("room_base_id", default=1, low=0),
        "chat_id_list": _groups(call),
        "state": given.text("state", chars=30),
        "mark_source": given.flag("mark_source", default=True),
    }
    return way


@api("externalcontact/groupchat/add_join_way", empty={"config_id": ""})
def add_join_way(call: Call) -> Answer:
    _budget(call)
    config_id = call.store.new_id("", 32)
    way = _join_way(call, {"config_id": config_id, "qr_code": _picture(call, config_id)})
    call.store.keep("join_way", config_id, way)
    return {"config_id": config_id}


@api("externalcontact/groupchat/get_join_way", empty={"join_way": {}})
def get_join_way(call: Call) -> Answer:
    return {"join_way": _way(call, "join_way")}


@api("externalcontact/groupchat/update_join_way")
def update_join_way(call: Call) -> Answer:
    way = _way(call, "join_way")
    call.store.keep("join_way", way["config_id"], _join_way(call, way))
    return {}


@api("externalcontact/groupchat/del_join_way")
def del_join_way(call: Call) -> Answer:
    call.store.drop("join_way", _way(call, "join_way")["config_id"])
    return {}
