"""What became of group-sends (wecom.md §3.8)."""

import json
from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api.groupsend import task_of
from wecom.sandbox.routing import Answer, Call, api, page, position_of
from wecom.sandbox.store import Row
from wecom.sandbox.world.sending import UNSENT

_MONTH = 31 * 86_400


def _dispatched(call: Call) -> Row:
    send = task_of(call)
    if send["created"] + call.store.setting("dispatch_seconds") > call.now and send["create_type"] == 0:
        raise Refused(41063)
    return send


@api("externalcontact/get_groupmsg_list_v2", empty={"group_msg_list": [], "next_cursor": ""})
def sends(call: Call) -> Answer:
    given = call.arguments
    chat_type = given.choice("chat_type", ("single", "group"))
    since, until = given.number("start_time"), given.number("end_time")
    if since > until or until - since > _MONTH:
        raise Refused(40058, "at most one month")
    which = given.number("filter_type", default=2, low=0, high=2)
    creator = given.text("creator")
    limit = given.number("limit", default=50, low=1, high=100)
    [after] = position_of(given, 0)
    rows = call.store.all(
        "SELECT * FROM send WHERE id > ? AND chat_type = ? AND created BETWEEN ? AND ? AND (? = 2 OR create_type = ?)"
        " AND (? = '' OR creator = ? COLLATE NOCASE) ORDER BY id LIMIT ?",
        after, chat_type, since, until, which, which, creator, creator, limit + 1,
    )  # fmt: skip
    rows, following = page(rows, limit, at=lambda row: (row["id"],))
    return {"group_msg_list": [_shown(row) for row in rows], "next_cursor": following}


def _shown(row: Row) -> dict[str, Any]:
    said = json.loads(row["content"])
    creator = {"creator": row["creator"]} if row["creator"] else {}
    parts = {name: said[name] for name in ("text", "attachments") if name in said}
    return {"msgid": row["msgid"], **creator, "create_time": row["created"], "create_type": row["create_type"], **parts}


@api("externalcontact/get_groupmsg_task", empty={"task_list": [], "next_cursor": ""})
def tasks(call: Call) -> Answer:
    send = _dispatched(call)
    limit = call.arguments.number("limit", default=500, low=1, high=1_000)
    [after] = position_of(call.arguments, 0)
    rows = call.store.all(
        "SELECT * FROM send_task WHERE msgid = ? AND id > ? ORDER BY id LIMIT ?", send["msgid"], after, limit + 1
    )
    rows, following = page(rows, limit, at=lambda row: (row["id"],))
    found = [{"userid": row["userid"], "status": row["status"], **_when(row)} for row in rows]
    return {"task_list": found, "next_cursor": following}


@api("externalcontact/get_groupmsg_send_result", empty={"send_list": [], "next_cursor": ""})
def results(call: Call) -> Answer:
    send = _dispatched(call)
    userid = call.arguments.text("userid", required=True)
    if call.store.one("SELECT 1 FROM send_task WHERE msgid = ? AND userid = ?", send["msgid"], userid) is None:
        raise Refused(40058, "userid")
    limit = call.arguments.number("limit", default=500, low=1, high=1_000)
    [after] = position_of(call.arguments, 0)
    hidden = UNSENT if send["chat_type"] == "group" and call.store.setting("hide_unsent") else -1
    rows = call.store.all(
        "SELECT * FROM send_recipient WHERE msgid = ? AND userid = ? AND id > ? AND status <> ? ORDER BY id LIMIT ?",
        send["msgid"], userid, after, hidden, limit + 1,
    )  # fmt: skip
    rows, following = page(rows, limit, at=lambda row: (row["id"],))
    name = "chat_id" if send["chat_type"] == "group" else "external_userid"
    found = [{name: row["recipient"], "userid": row["userid"], "status": row["status"], **_when(row)} for row in rows]
    return {"send_list": found, "next_cursor": following}


def _when(row: Row) -> dict[str, int]:
    return {"send_time": row["sent_at"]} if row["sent_at"] else {}
