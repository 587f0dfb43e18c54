"""The welcome of a new customer, and the templates of group welcomes (wecom.md §3.7)."""

from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import content, lookups
from wecom.sandbox.routing import Answer, Call, api
from wecom.sandbox.world import chats

_TEMPLATES = 100
_GROUP_TEXT_BYTES = 3_000


@api("externalcontact/send_welcome_msg")
def send_welcome(call: Call) -> Answer:
    """Within 20 s and once. A bad message leaves the code usable: nothing has been sent."""
    store, code = call.store, call.arguments.text("welcome_code", required=True)
    row = store.one("SELECT * FROM welcome WHERE code = ?", code)
    if row is None:
        raise Refused(41050)
    if row["used"] or store.value(
        "SELECT chatted FROM follow WHERE userid = ? AND contact = ?", row["userid"], row["contact"]
    ):
        raise Refused(41051)
    if row["expires"] <= call.now:
        raise Refused(41050)
    if row["rival_until"] > call.now:
        raise Refused(41096)
    lookups.serving_member(call, row["userid"])
    said = content.message(call)
    store.run("UPDATE welcome SET used = ? WHERE code = ?", call.now, code)
    room = chats.room_of(store, row["userid"], row["contact"])
    for one in ([{"msgtype": "text", "text": said["text"]}] if "text" in said else []) + said.get("attachments", []):
        chats.speak(store, room=room, sender=row["userid"], content={**one, "by": "欢迎语"})
    return {}


def _template(call: Call) -> dict[str, Any]:
    given = call.arguments
    found: dict[str, Any] = {}
    if text := given.part("text").text("content", octets=_GROUP_TEXT_BYTES):
        found["text"] = {"content": text}
    kinds = [kind for kind in content.KINDS if kind in given]
    if len(kinds) > 1:
        raise Refused(40058, "one attachment at most")
    for kind in kinds:
        found[kind] = content.attachment(call, kind, given.part(kind))
    if not found:
        raise Refused(40063, "text and attachment are both empty")
    given.flag("notify", default=True)
    return found


def _named(call: Call) -> tuple[str, dict[str, Any]]:
    number = call.arguments.text("template_id", required=True)
    found = call.store.document("group_welcome", number)
    if found is None:
        raise Refused(40058, "template_id")
    return number, found


@api("externalcontact/group_welcome_template/add", empty={"template_id": ""})
def add_template(call: Call) -> Answer:
    template = _template(call)
    if call.store.value("SELECT COUNT(*) FROM document WHERE kind = 'group_welcome'") >= _TEMPLATES:
        raise Refused(call.store.setting("code_too_many_templates"), "at most 100 templates")
    number = call.store.new_id("msg")
    call.store.keep("group_welcome", number, template)
    return {"template_id": number}


@api("externalcontact/group_welcome_template/edit")
def edit_template(call: Call) -> Answer:
    number, _ = _named(call)
    call.store.keep("group_welcome", number, _template(call))
    return {}


@api("externalcontact/group_welcome_template/get")
def get_template(call: Call) -> Answer:
    return _named(call)[1]


@api("externalcontact/group_welcome_template/del")
def del_template(call: Call) -> Answer:
    number, _ = _named(call)
    call.store.drop("group_welcome", number)
    call.store.run("UPDATE chat SET welcome = '' WHERE welcome = ?", number)
    return {}
