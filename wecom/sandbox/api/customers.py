"""Customers of members (wecom.md §3.3)."""

import json
from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import lookups
from wecom.sandbox.routing import Answer, Call, api, page, position_of
from wecom.sandbox.store import Row
from wecom.sandbox.world.people import ACTIVE

_FOLLOWERS = 500


@api("externalcontact/get_follow_user_list", method="GET", empty={"follow_user": []})
def serving_members(call: Call) -> Answer:
    rows = call.store.all(
        "SELECT userid FROM staff WHERE follows = 1 AND visible = 1 AND status = ? ORDER BY userid", ACTIVE
    )
    return {"follow_user": [row["userid"] for row in rows]}


@api("externalcontact/list", method="GET", empty={"external_userid": []})
def customers(call: Call) -> Answer:
    member = lookups.serving_member(call, call.arguments.text("userid"))
    rows = call.store.all("SELECT contact FROM follow WHERE userid = ? ORDER BY id", member["userid"])
    if not rows:
        raise Refused(84061, member["userid"])
    return {"external_userid": [row["contact"] for row in rows]}


@api("externalcontact/get", method="GET", empty={"follow_user": []})
def customer(call: Call) -> Answer:
    person = lookups.contact(call, call.arguments.text("external_userid", required=True))
    [after] = position_of(call.arguments, 0)
    rows = call.store.all(
        "SELECT * FROM follow WHERE contact = ? AND id > ? ORDER BY id LIMIT ?", person["id"], after, _FOLLOWERS + 1
    )
    if not rows and not after:
        raise Refused(84061, person["id"])
    rows, following = page(rows, _FOLLOWERS, at=lambda row: (row["id"],))
    more = {"next_cursor": following} if following else {}
    return {"external_contact": _person(person), "follow_user": [_follower(call, row) for row in rows], **more}


@api("externalcontact/batch/get_by_user", empty={"external_contact_list": [], "next_cursor": ""})
def customers_of_members(call: Call) -> Answer:
    named = call.arguments.texts("userid_list", most=100, required=True)
    limit = call.arguments.number("limit", default=50, low=1, high=100)
    userids = sorted({lookups.serving_member(call, userid)["userid"] for userid in named}, key=str.lower)
    name, number = position_of(call.arguments, "", 0)
    marks = ",".join("?" * len(userids))
    rows = call.store.all(
        "SELECT follow.*, name, unionid, gender, type, contact.id AS person FROM follow"  # noqa: S608 -- only question marks
        f" JOIN contact ON contact.id = follow.contact WHERE userid IN ({marks})"
        " AND (userid, follow.id) > (?, ?) ORDER BY userid, follow.id LIMIT ?",
        *userids, name, number, limit + 1,
    )  # fmt: skip
    rows, following = page(rows, limit, at=lambda row: (row["userid"], row["id"]))
    found = [{"external_contact": _person(row, row["person"]), "follow_info": _info(call, row)} for row in rows]
    return {"external_contact_list": found, "next_cursor": following}


@api("externalcontact/remark")
def remark(call: Call) -> Answer:
    given = call.arguments
    relation = lookups.relation(call, given.text("userid", required=True), given.text("external_userid", required=True))
    texts = {
        "remark": given.text("remark", chars=20),
        "description": given.text("description", chars=150),
        "remark_corp_name": given.text("remark_company", chars=20),
    }
    if all(
        name not in given
        for name in ("remark", "description", "remark_company", "remark_mobiles", "remark_pic_mediaid")
    ):
        raise Refused(40063, "nothing to write")
    names = {"remark": "remark", "description": "description", "remark_corp_name": "remark_company"}
    kept = {column: texts[column] if names[column] in given else relation[column] for column in names}
    mobiles = json.dumps(given.texts("remark_mobiles")) if "remark_mobiles" in given else relation["remark_mobiles"]
    call.store.run(
        "UPDATE follow SET remark = ?, description = ?, remark_corp_name = ?, remark_mobiles = ? WHERE id = ?",
        *kept.values(), mobiles, relation["id"],
    )  # fmt: skip
    return {}


def _person(row: Row, number: str = "") -> dict[str, Any]:
    person = {
        "external_userid": number or row["id"], "name": row["name"], "avatar": "", "type": row["type"],
        "gender": row["gender"],
    }  # fmt: skip
    return person | ({"unionid": row["unionid"]} if row["unionid"] else {})


def _noted(row: Row) -> dict[str, Any]:
    return {
        "userid": row["userid"], "remark": row["remark"], "description": row["description"],
        "createtime": row["created"],
        "remark_corp_name": row["remark_corp_name"], "remark_mobiles": json.loads(row["remark_mobiles"]),
        "oper_userid": row["contact"] if row["add_way"] == 1 else row["userid"], "add_way": row["add_way"],
    } | ({"state": row["state"]} if row["state"] else {})  # fmt: skip


def _follower(call: Call, row: Row) -> dict[str, Any]:
    tags = call.store.all(
        "SELECT tag.id, tag.name, tag_group.name AS group_name FROM mark JOIN tag ON tag.id = mark.tag"
        " JOIN tag_group ON tag_group.id = tag.tag_group WHERE mark.userid = ? AND mark.contact = ? ORDER BY tag.id",
        row["userid"], row["contact"],
    )  # fmt: skip
    shown = [{"group_name": tag["group_name"], "tag_name": tag["name"], "tag_id": tag["id"], "type": 1} for tag in tags]
    return {**_noted(row), "tags": shown}


def _info(call: Call, row: Row) -> dict[str, Any]:
    tags = call.store.all(
        "SELECT tag FROM mark WHERE userid = ? AND contact = ? ORDER BY tag", row["userid"], row["contact"]
    )
    return {**_noted(row), "tag_id": [tag["tag"] for tag in tags]}
