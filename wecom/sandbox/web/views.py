"""What the page shows: people, their phones, codes, and the state of the faults."""

import json
from typing import Any

from wecom.sandbox.gate import shanghai
from wecom.sandbox.store import Row, Store
from wecom.sandbox.world import chats, people, scenarios, sending

_PEOPLE = 40
_LINES = 40
Shown = dict[str, Any]


def page(store: Store, query: dict[str, str]) -> Shown:
    """The whole page. Who is looked at stands in the address."""
    staff = store.all("SELECT userid, name, position FROM staff WHERE status = 1 ORDER BY userid LIMIT ?", _PEOPLE)
    sought = query.get("q", "").strip()
    contacts = store.all(
        "SELECT id, name FROM contact WHERE ? = '' OR instr(name, ?) > 0 ORDER BY rowid DESC LIMIT ?",
        sought,
        sought,
        _PEOPLE,
    )
    at = {
        "manager": query.get("manager") or (staff[0]["userid"] if staff else ""),
        "customer": query.get("customer") or (contacts[0]["id"] if contacts else ""),
        "m_room": query.get("m_room", ""), "c_room": query.get("c_room", ""), "q": sought,
    }  # fmt: skip
    return {
        "at": at, "staff": staff, "contacts": contacts, "titles": scenarios.TITLES, **phones(store, at),
        **panel(store), "faults": store.setting("faults"), "callback_url": store.setting("callback_url"),
        "codes": _codes(store), "quota_rule": store.setting("quota_rule"),
    }  # fmt: skip


def phones(store: Store, at: dict[str, str]) -> Shown:
    """Both phones; a room nobody is in any more falls back to the first."""
    moment = shanghai(store.now())
    return {
        "at": at, "clock": f"{moment:%H:%M}", "today": f"{moment.month}月{moment.day}日",
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
        "SELECT chat_id AS room, name FROM chat WHERE dismissed = 0 AND chat_id IN"
        " (SELECT chat_id FROM chat_member WHERE member = ?) ORDER BY id DESC LIMIT 12", row["userid"],
    )  # fmt: skip
    friends = store.all(
        "SELECT follow.userid || '|' || contact.id AS room, contact.name, half FROM follow"
        " JOIN contact ON contact.id = follow.contact WHERE userid = ? ORDER BY follow.id DESC LIMIT 12", row["userid"],
    )  # fmt: skip
    rooms = [{"room": one["room"], "name": one["name"], "kind": "群"} for one in groups]
    rooms += [{"room": one["room"], "name": one["name"], "kind": "申请" if one["half"] else "客户"} for one in friends]
    chosen = at["m_room"] if at["m_room"] in {"app", "mass", *(one["room"] for one in rooms)} else "app"
    return {
        "row": row, "rooms": rooms, "room": chosen, "app": _app_messages(store, row) if chosen == "app" else [],
        "tasks": _tasks(store, row["userid"]), "moments": _moments(store, row["userid"]),
        "lines": _lines(store, chosen, row["userid"]), "title": _title(store, chosen, rooms),
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
        "lines": _lines(store, chosen, row["id"]),
        "title": _title(store, chosen, rooms),
    }


def _title(store: Store, room: str, rooms: list[Shown]) -> str:
    name = next((one["name"] for one in rooms if one["room"] == room), "")
    return f"{name}（{chats.size(store, room)}）" if name and "|" not in room else name


def _pending(store: Store, room: str) -> bool:
    userid, pair, contact = room.partition("|")
    known = people.follow_row(store, userid, contact) if pair else None
    return bool(known and known["half"])


def _lines(store: Store, room: str, me: str) -> list[Shown]:
    rows = store.all(
        "SELECT * FROM (SELECT * FROM said WHERE room = ? ORDER BY id DESC LIMIT ?) ORDER BY id", room, _LINES
    )
    return [
        {
            "mine": row["sender"].lower() == me.lower(),
            "staff": store.one("SELECT 1 FROM staff WHERE userid = ?", row["sender"]) is not None,
            "name": people.name_of(store, row["sender"]),
            "time": f"{shanghai(row['at']):%H:%M}", **_said(store, json.loads(row["content"])),
        }
        for row in rows
    ]  # fmt: skip


def _said(store: Store, content: Shown) -> Shown:
    kind = content["msgtype"]
    body = content.get(kind, {})
    media = body.get("media_id", "")
    picture = body.get("pic_url") or (f"/sandbox/picture/{media}" if kind == "image" and media else "")
    name = store.value("SELECT name FROM media WHERE media_id = ?", media) if media else ""
    return {
        "kind": kind,
        "body": body,
        "picture": picture.replace(store.setting("public_base"), ""),
        "file": name,
        "by": content.get("by", ""),
    }


def _app_messages(store: Store, member: Row) -> list[Shown]:
    rows = store.all(
        "SELECT * FROM (SELECT * FROM message WHERE userid = ? AND recalled = 0 ORDER BY id DESC LIMIT 12) ORDER BY id",
        member["userid"],
    )
    return [
        {**dict(row), "time": f"{shanghai(row['at']):%H:%M}", **_app_content(json.loads(row["content"]))}
        for row in rows
    ]


def _app_content(content: Shown) -> Shown:
    kind = content["msgtype"]
    body = content[kind]
    if kind != "template_card":
        return {
            "kind": kind,
            "title": body.get("title", ""),
            "text": body.get("content") or body.get("description", ""),
            "url": body.get("url", ""),
            "buttons": [],
        }
    main = body.get("main_title", {})
    text = body.get("sub_title_text", "") or main.get("desc", "")
    url = body.get("card_action", {}).get("url", "") or next(
        (one.get("url", "") for one in body.get("button_list", []) if one.get("url")), ""
    )
    return {
        "kind": kind,
        "title": main.get("title", "卡片"),
        "text": text,
        "url": url,
        "buttons": body.get("button_list", []),
    }


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
            "attachments": len(content.get("attachments", [])), "time": f"{shanghai(row['created']):%H:%M}",
            "left": sending.remaining(store, recipients[0]["recipient"]) if recipients else None,
            "what": "个客户群" if row["chat_type"] == "group" else "位客户",
        })  # fmt: skip
    return found


def _moments(store: Store, userid: str) -> list[Shown]:
    rows = store.all("SELECT moment_id FROM moment_part WHERE userid = ? AND published = 0 LIMIT 5", userid)
    found = [store.document("moment", row["moment_id"]) for row in rows]
    return [one for one in found if one is not None and not one.get("cancelled")]


def _codes(store: Store) -> list[Shown]:
    return [
        {"id": way["config_id"], "title": title, "state": way.get("state", ""), "remark": way.get("remark", "")}
        for kind, title in (("join_way", "加入群聊"), ("contact_way", "联系我"))
        for way in store.documents(kind)[-8:]
    ]
