"""Scanning: what happens to a person who holds her phone before an entry code."""

from typing import Any

from wecom.sandbox.store import Store
from wecom.sandbox.world import chats, people
from wecom.sandbox.world.errors import Impossible

_QR_SCAN = 1


def scan(store: Store, *, code: str, contact: str = "", name: str = "") -> dict[str, Any]:
    """Scan a code by its config_id or address, as a known person or a new one.

    :raises Impossible: the code is gone, or nobody can be added or joined by it.
    """
    config_id = code.rstrip("/").rsplit("/", 1)[-1].partition(".")[0]
    way = store.document("contact_way", config_id)
    group_way = store.document("join_way", config_id)
    if way is None and group_way is None:
        raise Impossible("二维码已失效")
    person = contact or people.create_contact(store, name=name)
    people.contact_row(store, person)
    if way is not None:
        return _add(store, way, person)
    assert group_way is not None  # noqa: S101 -- one of the two is there
    return _join(store, group_way, person)


def _add(store: Store, way: dict[str, Any], person: str) -> dict[str, Any]:
    serving = members_of(store, way)
    if not serving:
        raise Impossible("该二维码已没有可用的成员")
    known = [userid for userid in serving if people.follow_row(store, userid, person)]
    if known and way.get("is_exclusive"):
        serving = known
    userid = serving[store.count(f"scan:{way['config_id']}", 0) % len(serving)]
    code = people.befriend(
        store, userid=userid, contact=person, add_way=_QR_SCAN, state=way.get("state", ""),
        verified=bool(way.get("skip_verify", True)),
    )  # fmt: skip
    return {"external_userid": person, "userid": userid, "welcome_code": code}


def members_of(store: Store, way: dict[str, Any]) -> list[str]:
    """Those a 联系我 code may still lead to."""
    named = [store.one("SELECT * FROM staff WHERE userid = ?", userid) for userid in way.get("user", [])]
    rows = [row for row in named if row is not None]
    for party in way.get("party", []):
        rows += store.all("SELECT * FROM staff WHERE department = ? ORDER BY userid", party)
    return list(dict.fromkeys(row["userid"] for row in rows if row["status"] == people.ACTIVE and row["follows"]))


def _join(store: Store, way: dict[str, Any], person: str) -> dict[str, Any]:
    limit = min(store.setting("join_way_members"), store.setting("group_members"))
    owner = ""
    for chat_id in way["chat_id_list"]:
        chat = store.one("SELECT * FROM chat WHERE chat_id = ? AND dismissed = 0", chat_id)
        if chat is None:
            continue
        owner = chat["owner"]
        inside = store.one("SELECT 1 FROM chat_member WHERE chat_id = ? AND member = ?", chat_id, person)
        if inside or chats.size(store, chat_id) < limit:
            return _enter(store, way, chat_id, person)
    if (
        not way["auto_create_room"]
        or not owner
        or store.value("SELECT status FROM staff WHERE userid = ?", owner) == people.LEFT
    ):
        raise Impossible("群已满，暂时无法加入")
    number = way.get("room_base_id", 1) + store.count(f"room:{way['config_id']}", 0) - 1
    base = way.get("room_base_name") or "客户群"
    chat_id = chats.create(store, owner=owner, name=f"{base}{number}")
    # The newest of at most five takes the place of the oldest.
    way["chat_id_list"] = [*way["chat_id_list"], chat_id][-5:]
    store.keep("join_way", way["config_id"], way)
    return _enter(store, way, chat_id, person)


def _enter(store: Store, way: dict[str, Any], chat_id: str, person: str) -> dict[str, Any]:
    joined = chats.join(store, chat_id=chat_id, person=person, scene=chats.QR, state=way.get("state", ""))
    return {"external_userid": person, "chat_id": chat_id, "joined": joined}
