"""Customer groups, which an API can read and not change (wecom.md §3.5)."""

from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import lookups
from wecom.sandbox.routing import Answer, Call, api, page, position_of
from wecom.sandbox.store import Row
from wecom.sandbox.world.chats import EXTERNAL, MEMBER, version_of
from wecom.sandbox.world.people import LEFT

_PEOPLE_WITHOUT_OWNER = 1_000


@api("externalcontact/groupchat/list", empty={"group_chat_list": [], "next_cursor": ""})
def groups(call: Call) -> Answer:
    given, store = call.arguments, call.store
    status = given.number("status_filter", default=0, low=0, high=3)
    limit = given.number("limit", low=1, high=1_000)
    owners = given.part("owner_filter").texts("userid_list", most=100)
    [after] = position_of(given, 0)
    if (
        not owners
        and store.value("SELECT COUNT(*) FROM staff WHERE visible = 1 AND status <> ?", LEFT) > _PEOPLE_WITHOUT_OWNER
    ):
        raise Refused(81017, "use owner_filter")
    known = [store.one("SELECT userid, visible FROM staff WHERE userid = ?", owner) for owner in owners]
    missing = [owner for owner, row in zip(owners, known, strict=True) if row is None]
    if missing:
        raise Refused(60111, missing[0])
    if any(row is not None and not row["visible"] for row in known):
        raise Refused(60011)
    where, values = "dismissed = 0 AND id > ? AND owner IN (SELECT userid FROM staff WHERE visible = 1)", [after]
    if status:
        where, values = where + " AND status = ?", [*values, status]
    if owners:
        where, values = where + f" AND owner IN ({','.join('?' * len(owners))})", [*values, *owners]
    rows = store.all(f"SELECT id, chat_id, status FROM chat WHERE {where} ORDER BY id LIMIT ?", *values, limit + 1)  # noqa: S608 -- only question marks
    rows, following = page(rows, limit, at=lambda row: (row["id"],))
    found = [{"chat_id": row["chat_id"], "status": row["status"]} for row in rows]
    return {"group_chat_list": found} | ({"next_cursor": following} if following else {})


@api("externalcontact/groupchat/get", empty={"group_chat": {}})
def group(call: Call) -> Answer:
    row = lookups.chat(call, call.arguments.text("chat_id", required=True))
    with_names = call.arguments.flag("need_name", default=False)
    members = call.store.all(
        "SELECT chat_member.*, contact.name AS contact_name, unionid, staff.name AS staff_name FROM chat_member"
        " LEFT JOIN contact ON contact.id = member AND chat_member.type = ?"
        " LEFT JOIN staff ON staff.userid = member AND chat_member.type = ?"
        " WHERE chat_id = ? ORDER BY joined, member", EXTERNAL, MEMBER, row["chat_id"],
    )  # fmt: skip
    return {
        "group_chat": {
            "chat_id": row["chat_id"], "name": row["name"], "owner": row["owner"], "create_time": row["created"],
            "notice": row["notice"], "member_list": [_member(one, with_names=with_names) for one in members],
            "admin_list": [], "member_version": version_of(row["chat_id"], row["version"]),
        }
    }  # fmt: skip


def _member(row: Row, *, with_names: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "userid": row["member"], "type": row["type"], "join_time": row["joined"], "join_scene": row["scene"],
        "group_nickname": "",
    }  # fmt: skip
    if row["invitor"]:
        shown["invitor"] = {"userid": row["invitor"]}
    if row["unionid"]:
        shown["unionid"] = row["unionid"]
    if row["state"]:
        shown["state"] = row["state"]
    if with_names:
        shown["name"] = row["contact_name"] or row["staff_name"] or ""
    return shown


@api("externalcontact/opengid_to_chatid", empty={"chat_id": ""})
def chat_of_share(call: Call) -> Answer:
    """A share ticket is the chat_id behind `og`: the mini-program's side does not exist here."""
    opengid = call.arguments.text("opengid", required=True)
    row = call.store.one("SELECT chat_id FROM chat WHERE chat_id = ? AND dismissed = 0", opengid.removeprefix("og"))
    if row is None or not opengid.startswith("og"):
        raise Refused(40058, "opengid")
    return {"chat_id": row["chat_id"]}
