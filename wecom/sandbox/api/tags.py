"""Corporate tags (wecom.md §3.4)."""

from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import lookups
from wecom.sandbox.arguments import Arguments
from wecom.sandbox.routing import Answer, Call, api
from wecom.sandbox.store import Row

_TAGS_OF_COMPANY = 10_000
_TAGS_OF_PAIR = 3_000
_NAME = 30


@api("externalcontact/get_corp_tag_list", empty={"tag_group": []})
def tag_list(call: Call) -> Answer:
    groups, tags = call.arguments.texts("group_id"), call.arguments.texts("tag_id")
    shown = []
    for group in call.store.all("SELECT * FROM tag_group ORDER BY position DESC, rowid"):
        if groups and group["id"] not in groups:
            continue
        only = tags if tags and not groups else None
        one = _group(call, group, only)
        if one["tag"]:
            shown.append(one)
    return {"tag_group": shown}


def _group(call: Call, group: Row, only: list[str] | None = None) -> dict[str, Any]:
    rows = call.store.all("SELECT * FROM tag WHERE tag_group = ? ORDER BY position DESC, rowid", group["id"])
    tags = [
        {"id": row["id"], "name": row["name"], "create_time": row["created"], "order": row["position"]}
        for row in rows
        if only is None or row["id"] in only
    ]
    return {
        "group_id": group["id"], "group_name": group["name"], "create_time": group["created"],
        "order": group["position"], "tag": tags,
    }  # fmt: skip


@api("externalcontact/add_corp_tag", empty={"tag_group": {}})
def add(call: Call) -> Answer:
    given, store = call.arguments, call.store
    wanted = [
        (part.text("name", required=True, chars=_NAME), part.number("order", default=0))
        for part in given.parts("tag", most=_TAGS_OF_COMPANY)
    ]
    if not wanted:
        raise Refused(40063, "tag")
    group = _target(call, given)
    if store.value("SELECT COUNT(*) FROM tag") + len(wanted) > _TAGS_OF_COMPANY:
        raise Refused(40058, "too many tags")
    for name, position in wanted:
        store.run(
            "INSERT OR IGNORE INTO tag VALUES (?, ?, ?, ?, ?, 1)",
            store.new_id("et"),
            group["id"],
            name,
            position,
            call.now,
        )
    return {"tag_group": _group(call, group)}


def _target(call: Call, given: Arguments) -> Row:
    store, group_id = call.store, given.text("group_id")
    if group_id:
        return _own(call, "tag_group", group_id)
    name = given.text("group_name", required=True, chars=_NAME)
    row = store.one("SELECT * FROM tag_group WHERE name = ?", name)
    if row is None:
        store.run(
            "INSERT INTO tag_group VALUES (?, ?, ?, ?, 1)",
            store.new_id("et"),
            name,
            given.number("order", default=0),
            call.now,
        )
        row = store.one("SELECT * FROM tag_group WHERE name = ?", name)
    if row is None or not row["by_app"]:
        raise Refused(48002, "made in the admin console")
    return row


def _own(call: Call, table: str, number: str) -> Row:
    """A tag or group that this app made; what the console made cannot be edited by an app."""
    row = call.store.one(f"SELECT * FROM {table} WHERE id = ?", number)  # noqa: S608 -- one of two names
    if row is None:
        raise Refused(40058, number)
    if not row["by_app"]:
        raise Refused(48002, "made in the admin console")
    return row


@api("externalcontact/edit_corp_tag")
def edit(call: Call) -> Answer:
    given, number = call.arguments, call.arguments.text("id", required=True)
    table = "tag" if call.store.one("SELECT 1 FROM tag WHERE id = ?", number) else "tag_group"
    row = _own(call, table, number)
    name, position = given.text("name", chars=_NAME), given.number("order", default=row["position"])
    column = "tag_group" if table == "tag" else "''"
    clash = call.store.one(
        f"SELECT 1 FROM {table} WHERE name = ? AND id <> ? AND {column} = ?",  # noqa: S608 -- our own names
        name, number, row["tag_group"] if table == "tag" else "",
    )  # fmt: skip
    if clash:
        raise Refused(40058, "name exists")
    call.store.run(f"UPDATE {table} SET name = ?, position = ? WHERE id = ?", name or row["name"], position, number)  # noqa: S608 -- as above
    return {}


@api("externalcontact/del_corp_tag")
def delete(call: Call) -> Answer:
    tags, groups = call.arguments.texts("tag_id"), call.arguments.texts("group_id")
    if not tags and not groups:
        raise Refused(40063, "tag_id and group_id")
    for number in groups:
        _own(call, "tag_group", number)
        tags += [row["id"] for row in call.store.all("SELECT id FROM tag WHERE tag_group = ?", number)]
    for number in tags:
        _own(call, "tag", number)
        call.store.run("DELETE FROM mark WHERE tag = ?", number)
        call.store.run("DELETE FROM tag WHERE id = ?", number)
    call.store.run("DELETE FROM tag_group WHERE id NOT IN (SELECT tag_group FROM tag)")
    return {}


@api("externalcontact/mark_tag", serial="external_userid")
def mark(call: Call) -> Answer:
    given = call.arguments
    relation = lookups.relation(call, given.text("userid", required=True), given.text("external_userid", required=True))
    add, remove = given.texts("add_tag"), given.texts("remove_tag")
    if not add and not remove:
        raise Refused(40063, "add_tag and remove_tag")
    for tag in add:
        if call.store.one("SELECT 1 FROM tag WHERE id = ?", tag) is None:
            raise Refused(40058, f"tag {tag}")
        call.store.run("INSERT OR IGNORE INTO mark VALUES (?, ?, ?)", relation["userid"], relation["contact"], tag)
    for tag in remove:
        call.store.run(
            "DELETE FROM mark WHERE userid = ? AND contact = ? AND tag = ?",
            relation["userid"],
            relation["contact"],
            tag,
        )
    many = call.store.value(
        "SELECT COUNT(*) FROM mark WHERE userid = ? AND contact = ?", relation["userid"], relation["contact"]
    )
    if many > _TAGS_OF_PAIR:
        raise Refused(40058, "too many tags")
    return {}
