"""Messages of the app to members, template cards included (wecom.md §3.13)."""

import hashlib
import json
import re
from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import lookups
from wecom.sandbox.arguments import Arguments
from wecom.sandbox.routing import Answer, Call, api
from wecom.sandbox.store import Row

_TASK_ID = re.compile(r"[A-Za-z0-9_@-]{1,128}")
_INTERACTIVE = ("button_interaction", "vote_interaction", "multiple_interaction")
_CARDS = (*_INTERACTIVE, "text_notice", "news_notice")
_KINDS = (
    "text", "markdown", "textcard", "news", "image", "voice", "video", "file", "miniprogram_notice", "template_card",
)  # fmt: skip
_BUTTONS = 6  # UNCONFIRMED
_RECALL = 86_400
_RESPONSE = 72 * 3_600


@api("message/send", empty={"msgid": ""})
def send(call: Call) -> Answer:
    given = call.arguments
    _own_app(call, given)
    people, invalid = _recipients(call)
    if not people:
        raise Refused(81013, "all recipients are invalid")
    kind = given.choice("msgtype", _KINDS)
    content = _content(call, kind, given.part(kind, required=True))
    task_id = content.get("task_id", "") if kind == "template_card" else ""
    if task_id and call.store.one("SELECT 1 FROM message WHERE task_id = ?", task_id):
        raise Refused(42014)
    msgid, response_code = call.store.new_id("am"), call.store.new_id("rc") if task_id else ""
    said = json.dumps({"msgtype": kind, kind: content}, ensure_ascii=False)
    if not _is_repetition(call, kind, content):
        for row in people:
            if _may_receive(call, row["userid"]):
                call.store.run(
                    "INSERT INTO message (msgid, userid, at, content, task_id, response_code)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    msgid, row["userid"], call.now, said, task_id, response_code,
                )  # fmt: skip
    failed = {"invaliduser": "|".join(one.lower() for one in invalid)} if invalid else {}
    return {"msgid": msgid, **failed, **({"response_code": response_code} if response_code else {})}


def _own_app(call: Call, given: Arguments) -> None:
    if given.number("agentid") != call.store.setting("agent_id"):
        raise Refused(301002)


def _recipients(call: Call) -> tuple[list[Row], list[str]]:
    given, store = call.arguments, call.store
    if given.text("touser") == "@all":
        return store.all("SELECT * FROM staff WHERE status = 1 AND visible = 1"), []
    named = [one for one in given.text("touser").split("|") if one]
    parties = [one for one in given.text("toparty").split("|") if one]
    if len(named) > 1_000 or len(parties) > 100:  # noqa: PLR2004 -- stated in §3.13
        raise Refused(40058, "touser or toparty")
    found, invalid = {}, []
    for userid in named:
        row = store.one("SELECT * FROM staff WHERE userid = ? AND status = 1 AND visible = 1", userid)
        if row is None:
            invalid.append(userid)
        else:
            found[row["userid"]] = row
    for party in parties:
        for row in store.all("SELECT * FROM staff WHERE department = ? AND status = 1 AND visible = 1", party):
            found[row["userid"]] = row
    return list(found.values()), invalid


def _content(call: Call, kind: str, body: Arguments) -> dict[str, Any]:
    match kind:
        case "text" | "markdown":
            return {"content": body.text("content", required=True, octets=2_048)}
        case "textcard":
            return {
                "title": body.text("title", required=True, chars=128),
                "btntxt": body.text("btntxt", chars=4, default="详情"),
                "description": body.text("description", required=True, chars=512),
                "url": body.text("url", required=True, octets=2_048),
            }  # fmt: skip
        case "news":
            articles = [dict(one.given) for one in body.parts("articles", most=8) if one.text("title", required=True)]
            if not articles:
                raise Refused(40063, "articles")
            return {"articles": articles}
        case "miniprogram_notice":
            if call.arguments.text("touser") == "@all":
                raise Refused(40058, "no @all for miniprogram_notice")
            return {"appid": body.text("appid", required=True), "title": body.text("title", required=True)}
        case "template_card":
            return _card(body)
        case _:
            return {"media_id": lookups.media(call, body, kind=kind)}


def _card(body: Arguments) -> dict[str, Any]:
    kind = body.choice("card_type", _CARDS)
    task_id = body.text("task_id", required=kind in _INTERACTIVE or "action_menu" in body)
    if task_id and not _TASK_ID.fullmatch(task_id):
        raise Refused(40058, "task_id")
    if kind == "text_notice":
        body.part("card_action", required=True)
    if kind == "button_interaction":
        buttons = list(body.parts("button_list", most=_BUTTONS))
        if not buttons or not all(one.text("text", required=True) for one in buttons):
            raise Refused(40063, "button_list")
    return dict(body.given)


def _is_repetition(call: Call, kind: str, content: dict[str, Any]) -> bool:
    """enable_duplicate_check: the same within the interval is accepted and not shown again."""
    given = call.arguments
    if not given.flag("enable_duplicate_check", default=False):
        return False
    interval = given.number("duplicate_check_interval", default=1_800, low=1, high=4 * 3_600)
    text = json.dumps([given.given.get("touser"), given.given.get("toparty"), kind, content], sort_keys=True)
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    before = call.store.document("said_once", digest)
    call.store.keep("said_once", digest, {"at": call.now})
    return before is not None and before["at"] > call.now - interval


def _may_receive(call: Call, userid: str) -> bool:
    """30 a minute and 1,000 an hour per member; the excess is dropped without an error."""
    limits, now = call.store.setting("messages_per_member"), call.now
    minute = call.store.count(f"message:{userid}:minute", now - now % 60)
    hour = call.store.count(f"message:{userid}:hour", now - now % 3_600)
    day = call.store.count("message:day", now - (now + 28_800) % 86_400)
    return minute <= limits["minute"] and hour <= limits["hour"] and day <= int(call.store.setting("messages_per_day"))


@api("message/update_template_card", empty={"invaliduser": []})
def update_card(call: Call) -> Answer:
    """Once per response_code, within 72 hours: that of the message, or of a click."""
    given = call.arguments
    _own_app(call, given)
    code = given.text("response_code", required=True)
    clicked = call.store.document("click", code)
    row = call.store.one(
        "SELECT * FROM message WHERE response_code = ? OR id = ?", code, clicked["message"] if clicked else 0
    )
    issued = clicked["at"] if clicked else row["at"] if row else 0
    if row is None or issued + _RESPONSE < call.now or call.store.document("spent", code):
        raise Refused(40058, "response_code")
    name = given.part("button").text("replace_name") or json.dumps(
        given.part("template_card").given, ensure_ascii=False
    )
    if name == "{}":
        raise Refused(40063, "button or template_card")
    call.store.keep("spent", code, {"at": call.now})
    sql = "UPDATE message SET replaced = ? WHERE msgid = ? AND userid = ?"
    invalid = [one.lower() for one in given.texts("userids") if not call.store.run(sql, name, row["msgid"], one)]
    if given.flag("atall", default=False):
        call.store.run("UPDATE message SET replaced = ? WHERE msgid = ?", name, row["msgid"])
    return {"invaliduser": invalid}


@api("message/recall")
def recall(call: Call) -> Answer:
    msgid = call.arguments.text("msgid", required=True)
    row = call.store.one("SELECT at FROM message WHERE msgid = ?", msgid)
    if row is None or row["at"] + _RECALL < call.now:
        raise Refused(40058, "msgid")
    call.store.run("UPDATE message SET recalled = 1 WHERE msgid = ?", msgid)
    return {}
