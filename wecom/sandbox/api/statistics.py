"""Figures per member or owner, never per group (wecom.md §3.10)."""

from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import lookups
from wecom.sandbox.gate import shanghai
from wecom.sandbox.routing import Answer, Call, api

_DAY = 86_400
_SPAN = 30 * _DAY
_REACH = 180 * _DAY


def _midnight(at: int) -> int:
    return int(shanghai(at).replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


def _days(call: Call, begin: str, end: str, *, last: int | None = None) -> list[int]:
    """The midnights from one day to another, both included."""
    since = _midnight(call.arguments.number(begin))
    until = _midnight(call.arguments.number(end, default=last if last is not None else None))
    if since > until or until - since > _SPAN or since < call.now - _REACH:
        raise Refused(40058, f"{begin} and {end}")
    return list(range(since, until + 1, _DAY))


@api("externalcontact/get_user_behavior_data", empty={"behavior_data": []})
def behaviour(call: Call) -> Answer:
    """Days of all members asked for, summed."""
    given = call.arguments
    named = [lookups.member(call, userid)["userid"] for userid in given.texts("userid", most=100)]
    for party in given.numbers("partyid", most=100):
        named += [row["userid"] for row in call.store.all("SELECT userid FROM staff WHERE department = ?", party)]
    if not named:
        raise Refused(40063, "userid and partyid")
    return {"behavior_data": [_behaviour(call, named, day) for day in _days(call, "start_time", "end_time")]}


def _behaviour(call: Call, userids: list[str], day: int) -> dict[str, Any]:
    marks, window = ",".join("?" * len(userids)), (day, day + _DAY)
    new = call.store.value(
        f"SELECT COUNT(*) FROM follow WHERE userid IN ({marks}) AND created >= ? AND created < ?",  # noqa: S608 -- only question marks
        *userids, *window,
    )  # fmt: skip
    talks = call.store.one(
        "SELECT COUNT(DISTINCT room) AS chats, COUNT(*) AS messages FROM said"  # noqa: S608 -- only question marks
        f" WHERE room LIKE '%|%' AND sender IN ({marks}) AND at >= ? AND at < ?",
        *userids, *window,
    )  # fmt: skip
    counts = dict(talks) if talks else {"chats": 0, "messages": 0}
    return {
        "stat_time": day, "chat_cnt": counts["chats"], "message_cnt": counts["messages"], "reply_percentage": 100.0,
        "avg_reply_time": 0, "negative_feedback_cnt": 0, "new_apply_cnt": new, "new_contact_cnt": new,
    }  # fmt: skip


def _figures(call: Call, owners: list[str], since: int, until: int) -> dict[str, int]:
    marks = ",".join("?" * len(owners))
    groups = f"SELECT chat_id FROM chat WHERE owner IN ({marks}) AND dismissed = 0 AND created < ?"  # noqa: S608 -- only question marks

    def count(sql: str, *values: Any) -> int:
        return int(call.store.value(sql, *values))

    scope = (*owners, until)
    talked = f"FROM said WHERE room IN ({groups}) AND at >= ? AND at < ?"
    inside = f"FROM chat_member WHERE type = 2 AND chat_id IN ({groups})"
    return {
        "new_chat_cnt": count(f"SELECT COUNT(*) FROM ({groups} AND created >= ?)", *scope, since),  # noqa: S608 -- built above
        "chat_total": count(f"SELECT COUNT(*) FROM ({groups})", *scope),  # noqa: S608 -- built above
        "chat_has_msg": count(f"SELECT COUNT(DISTINCT room) {talked}", *scope, since, until),
        "new_member_cnt": count(f"SELECT COUNT(*) {inside} AND joined >= ? AND joined < ?", *scope, since, until),
        "member_total": count(f"SELECT COUNT(*) {inside} AND joined < ?", *scope, until),
        "member_has_msg": count(f"SELECT COUNT(DISTINCT sender) {talked}", *scope, since, until),
        "msg_total": count(f"SELECT COUNT(*) {talked}", *scope, since, until),
        "migrate_trainee_chat_cnt": 0,
    }


def _owners(call: Call) -> list[str]:
    named = call.arguments.part("owner_filter", required=True).texts("userid_list", most=100, required=True)
    return [lookups.member(call, userid)["userid"] for userid in named]


_ORDER = {1: "new_chat_cnt", 2: "chat_total", 3: "new_member_cnt", 4: "member_total"}


@api("externalcontact/groupchat/statistic", empty={"total": 0, "next_offset": 0, "items": []})
def by_owner(call: Call) -> Answer:
    given, owners = call.arguments, _owners(call)
    days = _days(call, "day_begin_time", "day_end_time", last=given.number("day_begin_time"))
    key = _ORDER[given.number("order_by", default=1, low=1, high=4)]
    ascending = given.flag("order_asc", default=False)
    offset = given.number("offset", default=0, low=0)
    limit = given.number("limit", default=500, low=1, high=1_000)
    items = [{"owner": owner, "data": _figures(call, [owner], days[0], days[-1] + _DAY)} for owner in owners]
    items.sort(key=lambda item: (item["data"][key] * (1 if ascending else -1), item["owner"].lower()))  # type: ignore[index, attr-defined]
    shown = items[offset : offset + limit]
    return {"total": len(items), "next_offset": offset + len(shown), "items": shown}


@api("externalcontact/groupchat/statistic_group_by_day", empty={"items": []})
def by_day(call: Call) -> Answer:
    owners = _owners(call)
    days = _days(call, "day_begin_time", "day_end_time", last=call.arguments.number("day_begin_time"))
    return {"items": [{"stat_time": day, "data": _figures(call, owners, day, day + _DAY)} for day in days]}
