"""企业群发: making a task, reminding of it and stopping it (wecom.md §3.8). Nothing is sent before people tap."""

import json
from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import content, lookups
from wecom.sandbox.routing import Answer, Call, api
from wecom.sandbox.store import Row

_CUSTOMERS = 10_000
_GROUPS = 2_000
_TAGS = 100
_REMINDS = 3
_DAY = 86_400


@api("externalcontact/add_msg_template", empty={"fail_list": [], "msgid": ""})
def create(call: Call) -> Answer:
    given = call.arguments
    chat_type = given.choice("chat_type", ("single", "group"), default="single")
    said = content.message(call)
    if chat_type == "single" and given.flag("allow_select", default=False):
        said["allow_select"] = True
    planned, failed = _groups(call) if chat_type == "group" else _customers(call)
    if not planned:
        raise Refused(call.store.setting("code_nobody_to_send"))
    msgid = call.store.new_id("msg")
    call.store.run(
        "INSERT INTO send (msgid, chat_type, creator, created, create_type, content) VALUES (?, ?, '', ?, 0, ?)",
        msgid, chat_type, call.now, json.dumps(said, ensure_ascii=False),
    )  # fmt: skip
    for userid, recipients in planned.items():
        call.store.run("INSERT INTO send_task (msgid, userid) VALUES (?, ?)", msgid, userid)
        call.store.run_many(
            "INSERT INTO send_recipient (msgid, userid, recipient) VALUES (?, ?, ?)",
            [(msgid, userid, recipient) for recipient in recipients],
        )
    return {"fail_list": failed, "msgid": msgid}


def _groups(call: Call) -> tuple[dict[str, list[str]], list[str]]:
    """One owner's groups. Without a list he chooses among his own when he taps."""
    owner = lookups.serving_member(call, call.arguments.text("sender", required=True))["userid"]
    named = call.arguments.texts("chat_id_list", most=_GROUPS)
    own = {
        row["chat_id"] for row in call.store.all("SELECT chat_id FROM chat WHERE owner = ? AND dismissed = 0", owner)
    }
    good = [chat_id for chat_id in named if chat_id in own]
    if not own or (named and not good):
        return {}, named
    return {owner: good}, [chat_id for chat_id in named if chat_id not in own]


def _customers(call: Call) -> tuple[dict[str, list[str]], list[str]]:
    """Each customer with the one member who last dealt with her, or the sender."""
    given = call.arguments
    sender = lookups.serving_member(call, given.text("sender"))["userid"] if given.text("sender") else ""
    named = given.texts("external_userid", most=_CUSTOMERS)
    if not named:
        if not sender and "tag_filter" not in given:
            raise Refused(40063, "external_userid, sender and tag_filter")
        named = _tagged(call, sender)
    planned: dict[str, list[str]] = {}
    failed = []
    for contact in named:
        userid = _last_member(call, contact, sender)
        if userid:
            planned.setdefault(userid, []).append(contact)
        else:
            failed.append(contact)
    return planned, failed


def _last_member(call: Call, contact: str, sender: str) -> str:
    rows = call.store.all(
        "SELECT follow.userid FROM follow JOIN staff ON staff.userid = follow.userid WHERE contact = ? AND half = 0"
        " AND status = 1 AND visible = 1 AND (? = '' OR follow.userid = ?)"
        " ORDER BY (SELECT MAX(id) FROM said WHERE room = follow.userid || '|' || contact) DESC, follow.created DESC"
        " LIMIT 1",
        contact, sender, sender,
    )  # fmt: skip
    return str(rows[0]["userid"]) if rows else ""


def _tagged(call: Call, sender: str) -> list[str]:
    """The customers of a tag filter: any tag inside a group, all groups; without a filter all of the sender."""
    found = {
        row["contact"]
        for row in call.store.all("SELECT contact FROM follow WHERE ? = '' OR userid = ?", sender, sender)
    }
    for part in call.arguments.part("tag_filter").parts("group_list", most=_TAGS):
        tags = part.texts("tag_list", most=_TAGS, required=True)
        marks = ",".join("?" * len(tags))
        rows = call.store.all(
            f"SELECT contact FROM mark WHERE tag IN ({marks}) AND (? = '' OR userid = ?)",  # noqa: S608 -- only question marks
            *tags, sender, sender,
        )  # fmt: skip
        found &= {row["contact"] for row in rows}
    return sorted(found)


def task_of(call: Call) -> Row:
    """The company's group-send a call names."""
    row = call.store.one("SELECT * FROM send WHERE msgid = ?", call.arguments.text("msgid", required=True))
    if row is None:
        raise Refused(40058, "msgid")
    return row


@api("externalcontact/remind_groupmsg_send")
def remind(call: Call) -> Answer:
    send = task_of(call)
    kept: dict[str, Any] = call.store.document("reminds", send["msgid"]) or {"at": []}
    recent = [at for at in kept["at"] if at > call.now - _DAY]
    if len(recent) >= _REMINDS:
        raise Refused(call.store.setting("code_remind_limit"), "three reminders in 24 hours")
    call.store.keep("reminds", send["msgid"], {"at": [*recent, call.now]})
    call.store.run("UPDATE send_task SET reminded = ? WHERE msgid = ? AND status = 0", call.now, send["msgid"])
    return {}


@api("externalcontact/cancel_groupmsg_send")
def cancel(call: Call) -> Answer:
    """What has been sent stays sent."""
    call.store.run("UPDATE send SET cancelled = 1 WHERE id = ?", task_of(call)["id"])
    return {}
