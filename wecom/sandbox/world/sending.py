"""企业群发 in the hands of members: the tap that sends, and the quota of those who receive (wecom.md §3.8)."""

import calendar
import datetime as dt
import json
from typing import Any

from wecom.sandbox.gate import shanghai
from wecom.sandbox.store import Row, Store
from wecom.sandbox.world import chats, people
from wecom.sandbox.world.errors import Impossible

UNSENT, SENT, NO_FRIEND, OVER_QUOTA = 0, 1, 2, 3
TASK_SENT = 2


def quota(store: Store, at: float) -> tuple[int, int]:
    """How many group-sends a customer or group may get in the running period, and when that began."""
    day = shanghai(at).replace(hour=0, minute=0, second=0, microsecond=0)
    rule = store.setting("quota_rule")
    if rule == "day":
        return 1, int(day.timestamp())
    if rule == "week":
        return 7, int((day - dt.timedelta(days=day.weekday())).timestamp())
    return calendar.monthrange(day.year, day.month)[1], int(day.replace(day=1).timestamp())


def remaining(store: Store, recipient: str) -> int:
    most, since = quota(store, store.now())
    used = store.value(
        "SELECT COUNT(*) FROM send_recipient WHERE recipient = ? AND status = ? AND sent_at >= ?",
        recipient,
        SENT,
        since,
    )
    return int(most - used)


def tap(store: Store, *, msgid: str, userid: str, recipients: list[str] | None = None) -> dict[str, int]:
    """A member sends his part of a task; the number of recipients by status.

    :param recipients: his own choice where the task left it to him.
    """
    send = store.one("SELECT * FROM send WHERE msgid = ?", msgid)
    task = store.one("SELECT * FROM send_task WHERE msgid = ? AND userid = ?", msgid, userid)
    if send is None or task is None:
        raise Impossible("没有这条群发任务")
    if send["cancelled"]:
        raise Impossible("企业已停止该群发")
    if task["status"] == TASK_SENT:
        raise Impossible("这条群发已经发送过")
    member, now = people.staff_row(store, userid), int(store.now())
    planned = _planned(store, send, member["userid"], recipients)
    content, tally = json.loads(send["content"]), dict.fromkeys(("sent", "no_friend", "over_quota"), 0)
    for recipient in planned:
        status = _outcome(store, send["chat_type"], member["userid"], recipient)
        tally[{SENT: "sent", NO_FRIEND: "no_friend", OVER_QUOTA: "over_quota"}[status]] += 1
        store.run(
            "INSERT INTO send_recipient (msgid, userid, recipient, status, sent_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (msgid, userid, recipient)"
            " DO UPDATE SET status = excluded.status, sent_at = excluded.sent_at",
            msgid, member["userid"], recipient, status, now,
        )  # fmt: skip
        if status == SENT:
            _arrive(store, send["chat_type"], member["userid"], recipient, content)
    store.run("UPDATE send_task SET status = ?, sent_at = ? WHERE id = ?", TASK_SENT, now, task["id"])
    return tally


def _planned(store: Store, send: Row, userid: str, chosen: list[str] | None) -> list[str]:
    rows = store.all(
        "SELECT recipient FROM send_recipient WHERE msgid = ? AND userid = ? ORDER BY id", send["msgid"], userid
    )
    if rows:
        content = json.loads(send["content"])
        listed = [row["recipient"] for row in rows]
        return [one for one in listed if one in chosen] if chosen and content.get("allow_select") else listed
    own = [
        row["chat_id"]
        for row in store.all("SELECT chat_id FROM chat WHERE owner = ? AND dismissed = 0 ORDER BY id", userid)
    ]
    return [chat for chat in own if chat in chosen] if chosen else own


def _outcome(store: Store, chat_type: str, userid: str, recipient: str) -> int:
    if chat_type == "group":
        owner = store.value("SELECT owner FROM chat WHERE chat_id = ? AND dismissed = 0", recipient)
        if owner is None or owner.lower() != userid.lower():
            return NO_FRIEND
    else:
        known = people.follow_row(store, userid, recipient)
        if known is None or known["half"] == people.DESERTED:
            return NO_FRIEND
    return SENT if remaining(store, recipient) > 0 else OVER_QUOTA


def _arrive(store: Store, chat_type: str, userid: str, recipient: str, content: dict[str, Any]) -> None:
    room = recipient if chat_type == "group" else chats.room_of(store, userid, recipient)
    text = content.get("text", {}).get("content", "")
    parts = ([{"msgtype": "text", "text": {"content": text}}] if text else []) + content.get("attachments", [])
    for one in parts:
        chats.speak(store, room=room, sender=userid, content={**one, "by": "群发助手"})


def send_personally(
    store: Store, *, userid: str, recipients: list[str], chat_type: str, content: dict[str, Any]
) -> dict[str, int]:
    """A member's own group-send from the client (`shareToExternalChat`): it shares the quota."""
    member = people.staff_row(store, userid)
    msgid = store.new_id("msg")
    store.run(
        "INSERT INTO send (msgid, chat_type, creator, created, create_type, content) VALUES (?, ?, ?, ?, 1, ?)",
        msgid, chat_type, member["userid"], int(store.now()), json.dumps(content, ensure_ascii=False),
    )  # fmt: skip
    store.run("INSERT INTO send_task (msgid, userid) VALUES (?, ?)", msgid, member["userid"])
    for recipient in recipients:
        store.run(
            "INSERT OR IGNORE INTO send_recipient (msgid, userid, recipient) VALUES (?, ?, ?)",
            msgid,
            member["userid"],
            recipient,
        )
    return tap(store, msgid=msgid, userid=userid)
