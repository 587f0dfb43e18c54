"""What the page shows: people, their phones, codes, and the state of the faults."""

import json
from typing import Any

from wecom.sandbox.gate import shanghai
from wecom.sandbox.store import Row, Store
from wecom.sandbox.web import talk
from wecom.sandbox.world import chats, people, scenarios, sending

_PEOPLE = 40
_KINDS = ("客户", "申请", "已删除")
Shown = dict[str, Any]


def page(store: Store, query: dict[str, str]) -> Shown:
    """The whole page. Who is looked at stands in the address."""
    sought = query.get("q", "").strip()
    manager = query.get("manager") or str(
        store.value("SELECT userid FROM staff WHERE status = 1 ORDER BY position <> '店长', userid LIMIT 1") or ""
    )
    contacts = _contacts(store, sought, manager, query.get("customer", ""))
    at = {
        "manager": manager, "customer": query.get("customer") or (contacts[0]["id"] if contacts else ""),
        "m_room": query.get("m_room", ""), "c_room": query.get("c_room", ""), "q": sought,
    }  # fmt: skip
    return {
        "at": at, "staff": _staff(store, sought, manager), "contacts": contacts, "titles": scenarios.TITLES,
        **phones(store, at), **panel(store), "faults": store.setting("faults"),
        "callback_url": store.setting("callback_url"), "codes": _codes(store, manager),
        "shop": _shop_name(store, manager), "quota_rule": store.setting("quota_rule"),
    }  # fmt: skip


def _staff(store: Store, sought: str, manager: str) -> list[Row]:
    """Colleagues of the one looked at first, then who leads the other shops."""
    return store.all(
        "SELECT userid, staff.name, staff.position, department.name AS shop FROM staff"
        " LEFT JOIN department ON department.id = staff.department WHERE status = 1"
        " AND (? = '' OR instr(staff.name, ?) > 0 OR instr(department.name, ?) > 0 OR userid = ?)"
        " ORDER BY staff.department IS NOT (SELECT department FROM staff WHERE userid = ?),"
        " staff.position <> '店长', staff.department, userid LIMIT ?",
        sought, sought, sought, sought, manager, _PEOPLE,
    )  # fmt: skip


def _contacts(store: Store, sought: str, manager: str, chosen: str) -> list[Row]:
    """Who was sought; else the one looked at, and the manager's friends and guests of his groups, newest first."""
    if sought:
        return store.all(
            "SELECT id, name FROM contact WHERE instr(name, ?) > 0 ORDER BY rowid DESC LIMIT ?", sought, _PEOPLE
        )
    return store.all(
        "SELECT id, name FROM contact WHERE id = ? OR id IN (SELECT contact FROM follow WHERE userid = ? UNION"
        " SELECT member FROM chat_member JOIN chat USING (chat_id) WHERE owner = ? AND type = 2)"
        " ORDER BY id = ? DESC, rowid DESC LIMIT ?",
        chosen, manager, manager, chosen, _PEOPLE,
    )  # fmt: skip


def _shop_name(store: Store, manager: str) -> str:
    return str(
        store.value(
            "SELECT department.name FROM staff JOIN department ON department.id = staff.department WHERE userid = ?",
            manager,
        )
        or ""
    )


def phones(store: Store, at: dict[str, str]) -> Shown:
    """Both phones; a room nobody is in any more falls back to the first."""
    moment = shanghai(store.now())
    return {
        "platform": store.setting("callback_url").partition("/wecom/")[0] + "/", "at": at,
        "clock": f"{moment:%H:%M}", "today": f"{moment.month}月{moment.day}日",
        "manager": _manager(store, at), "customer": _customer(store, at),
    }  # fmt: skip


def panel(store: Store) -> Shown:
    """The counters and the latest of what was sent and received."""
    rows = store.all("SELECT kind, name, errcode, at FROM ledger ORDER BY id DESC LIMIT 12")
    lines = [{**dict(row), "time": f"{shanghai(row['at']):%H:%M:%S}"} for row in rows]
    waiting = store.value("SELECT COUNT(*) FROM delivery WHERE state = 'waiting'")
    lost = store.value("SELECT COUNT(*) FROM event WHERE lost = 1")
    return {
        "lines": lines, "waiting": waiting, "lost": lost, "events": store.value("SELECT COUNT(*) FROM event"),
        "steps": store.value("SELECT COUNT(*) FROM step"),
        "people": store.value("SELECT COUNT(*) FROM contact"),
        "groups": store.value("SELECT COUNT(*) FROM chat WHERE dismissed = 0"),
    }  # fmt: skip


def _manager(store: Store, at: dict[str, str]) -> Shown | None:
    row = store.one("SELECT * FROM staff WHERE userid = ? AND status = 1", at["manager"])
    if row is None:
        return None
    groups = store.all(
        "SELECT chat_id AS room, name, owner FROM chat WHERE dismissed = 0 AND chat_id IN"
        " (SELECT chat_id FROM chat_member WHERE member = ?) ORDER BY id DESC LIMIT 12", row["userid"],
    )  # fmt: skip
    friends = store.all(
        "SELECT follow.userid || '|' || contact.id AS room, contact.name, half FROM follow"
        " JOIN contact ON contact.id = follow.contact WHERE userid = ? ORDER BY contact.id = ? DESC,"
        " (SELECT MAX(id) FROM said WHERE room = follow.userid || '|' || contact.id) DESC, follow.id DESC LIMIT 12",
        row["userid"], at["customer"],
    )  # fmt: skip
    rooms = [{"room": one["room"], "name": one["name"], "kind": "群"} for one in groups]
    rooms += [{"room": one["room"], "name": one["name"], "kind": _KINDS[one["half"]]} for one in friends]
    tasks = _tasks(store, row["userid"])
    chosen = at["m_room"] if at["m_room"] in {"app", "mass", *(one["room"] for one in rooms)} else "app"
    return {
        "row": row, "rooms": rooms, "room": chosen, "app": talk.app_messages(store, row) if chosen == "app" else [],
        "tasks": tasks, "waiting": sum(one["status"] != sending.TASK_SENT and not one["cancelled"] for one in tasks),
        "owns": any(one["room"] == chosen and one["owner"].lower() == row["userid"].lower() for one in groups),
        "moments": _moments(store, row["userid"]),
        "lines": talk.lines(store, chosen, row["userid"]), "title": _title(store, chosen, rooms),
        "pending": _pending(store, chosen),
    }  # fmt: skip


def _customer(store: Store, at: dict[str, str]) -> Shown | None:
    row = store.one("SELECT * FROM contact WHERE id = ?", at["customer"])
    if row is None:
        return None
    groups = store.all(
        "SELECT chat.chat_id AS room, name FROM chat JOIN chat_member ON chat_member.chat_id = chat.chat_id"
        " WHERE member = ? AND dismissed = 0 ORDER BY joined DESC LIMIT 12", row["id"],
    )  # fmt: skip
    friends = store.all(
        "SELECT follow.userid || '|' || contact AS room, staff.name FROM follow"
        " JOIN staff ON staff.userid = follow.userid WHERE contact = ? ORDER BY follow.id DESC LIMIT 12", row["id"],
    )  # fmt: skip
    rooms = [{"room": one["room"], "name": one["name"], "kind": "店长"} for one in friends]
    rooms += [{"room": one["room"], "name": one["name"], "kind": "群"} for one in groups]
    known = {one["room"] for one in rooms}
    chosen = at["c_room"] if at["c_room"] in known else (rooms[0]["room"] if rooms else "")
    return {
        "row": row,
        "rooms": rooms,
        "room": chosen,
        "lines": talk.lines(store, chosen, row["id"]),
        "title": _title(store, chosen, rooms),
    }


def _title(store: Store, room: str, rooms: list[Shown]) -> str:
    name = next((one["name"] for one in rooms if one["room"] == room), "")
    return f"{name}（{chats.size(store, room)}）" if name and "|" not in room else name


def _pending(store: Store, room: str) -> bool:
    userid, pair, contact = room.partition("|")
    known = people.follow_row(store, userid, contact) if pair else None
    return bool(known and known["half"] == people.HALF)


def _tasks(store: Store, userid: str) -> list[Shown]:
    rows = store.all(
        "SELECT send_task.*, send.content, send.chat_type, send.created, send.cancelled FROM send_task"
        " JOIN send ON send.msgid = send_task.msgid WHERE userid = ? AND create_type = 0"
        " ORDER BY send_task.id DESC LIMIT 8",
        userid,
    )  # fmt: skip
    found = []
    for row in rows:
        recipients = store.all(
            "SELECT recipient FROM send_recipient WHERE msgid = ? AND userid = ?", row["msgid"], userid
        )
        content = json.loads(row["content"])
        found.append({
            **dict(row), "count": len(recipients), "text": content.get("text", {}).get("content", ""),
            "attachments": [talk.said(store, one, userid) for one in content.get("attachments", [])],
            "time": f"{shanghai(row['created']):%H:%M}",
            "left": sending.remaining(store, recipients[0]["recipient"]) if recipients else None,
            "what": "个客户群" if row["chat_type"] == "group" else "位客户",
        })  # fmt: skip
    return found


def _moments(store: Store, userid: str) -> list[Shown]:
    rows = store.all("SELECT moment_id FROM moment_part WHERE userid = ? AND published = 0 LIMIT 5", userid)
    found = [store.document("moment", row["moment_id"]) for row in rows]
    return [one for one in found if one is not None and not one.get("cancelled")]


def _codes(store: Store, manager: str) -> list[Shown]:
    """The codes of the manager's shop; where it has none, the latest of the company."""
    here = people.is_here(store, manager)
    shop = scenarios.Shop.of(store, manager) if here else None
    kinds = [("联系我", shop.ways), ("加入群聊", shop.group_ways)] if shop else []
    if not any(ways for _, ways in kinds):
        kinds = [
            (title, tuple(store.documents(kind)[-6:]))
            for kind, title in (("contact_way", "联系我"), ("join_way", "加入群聊"))
        ]
    return [
        {"id": way["config_id"], "title": title, "state": way.get("state", ""), "label": _label(way)}
        for title, ways in kinds
        for way in ways[-9:]
    ]


def _label(way: Shown) -> str:
    """What the platform calls a code, without the shop's name before it."""
    remark = str(way.get("remark") or way.get("state") or "未命名")
    return remark.partition("·")[2] or remark
