"""Handing customers and groups to other members (wecom.md §3.11)."""

from typing import Any

from wecom.sandbox.answers import MEANINGS, Refused
from wecom.sandbox.api import lookups
from wecom.sandbox.routing import Answer, Call, api, page, position_of
from wecom.sandbox.store import Row
from wecom.sandbox.world.handover import WAITING
from wecom.sandbox.world.people import LEFT, follow_row

_AT_ONCE = 100
_PERIOD = 90 * 86_400
_TIMES = 2
_YEAR = 365 * 86_400


def _leaver(call: Call, name: str) -> Row:
    """A member who has left within a year."""
    userid = call.arguments.text(name, required=True)
    row = call.store.one("SELECT * FROM staff WHERE userid = ?", userid)
    if row is None:
        raise Refused(60111, userid)
    if row["status"] != LEFT:
        raise Refused(90500, userid)
    if row["left_at"] < call.now - _YEAR:
        raise Refused(60111, f"{userid} left more than a year ago")
    return row


@api("externalcontact/transfer_customer", serial="handover_userid", empty={"customer": []})
def transfer(call: Call) -> Answer:
    call.arguments.text("transfer_success_msg", chars=200)
    return _transfer(call, lookups.member(call, call.arguments.text("handover_userid")), "onjob")


@api("externalcontact/resigned/transfer_customer", serial="handover_userid", empty={"customer": []})
def transfer_of_leaver(call: Call) -> Answer:
    return _transfer(call, _leaver(call, "handover_userid"), "resigned")


def _transfer(call: Call, giver: Row, kind: str) -> Answer:
    taker = lookups.heir(call, call.arguments.text("takeover_userid"))
    named = call.arguments.texts("external_userid", most=_AT_ONCE, required=True)
    if giver["userid"] == taker["userid"]:
        raise Refused(40003, "handover and takeover are the same")
    return {"customer": [{"external_userid": one, "errcode": _one(call, giver, taker, one, kind)} for one in named]}


def _one(call: Call, giver: Row, taker: Row, contact: str, kind: str) -> int:
    store = call.store
    if store.one("SELECT 1 FROM contact WHERE id = ?", contact) is None:
        return 40096
    if follow_row(store, giver["userid"], contact) is None:
        return 84061
    if store.one("SELECT 1 FROM transfer WHERE subject = ? AND status = ?", contact, WAITING):
        return int(store.setting("code_transfer_under_way"))
    earlier = store.value(
        "SELECT COUNT(*) FROM transfer WHERE subject = ? AND created > ?", contact, call.now - _PERIOD
    )
    if earlier >= _TIMES:
        return int(store.setting("code_transferred_too_often"))
    if store.value("SELECT COUNT(*) FROM follow WHERE userid = ?", taker["userid"]) >= store.setting(
        "customers_per_member"
    ):
        return 40099
    store.run(
        "INSERT INTO transfer (handover, takeover, subject, created, status, kind) VALUES (?, ?, ?, ?, ?, ?)",
        giver["userid"], taker["userid"], contact, call.now, WAITING, kind,
    )  # fmt: skip
    return 0


@api("externalcontact/transfer_result", empty={"customer": [], "next_cursor": ""})
def result(call: Call) -> Answer:
    return _result(call, "onjob")


@api("externalcontact/resigned/transfer_result", empty={"customer": [], "next_cursor": ""})
def result_of_leaver(call: Call) -> Answer:
    return _result(call, "resigned")


def _result(call: Call, kind: str) -> Answer:
    given = call.arguments
    limit = int(call.store.setting("transfers_a_page"))
    [after] = position_of(given, 0)
    rows = call.store.all(
        "SELECT * FROM transfer WHERE handover = ? AND takeover = ? AND kind = ? AND id > ? ORDER BY id LIMIT ?",
        given.text("handover_userid", required=True), given.text("takeover_userid", required=True), kind, after,
        limit + 1,
    )  # fmt: skip
    rows, following = page(rows, limit, at=lambda row: (row["id"],))
    found = [_state(row) for row in rows]
    return {"customer": found, "next_cursor": following}


def _state(row: Row) -> dict[str, Any]:
    taken = {"takeover_time": row["finished"]} if row["finished"] else {}
    return {"external_userid": row["subject"], "status": row["status"], **taken}


@api("externalcontact/get_unassigned_list", empty={"info": [], "is_last": True})
def unassigned(call: Call) -> Answer:
    limit = call.arguments.number("page_size", default=1_000, low=1, high=1_000)
    [after] = position_of(call.arguments, 0)
    rows = call.store.all(
        "SELECT follow.id, follow.userid, contact, left_at FROM follow JOIN staff ON staff.userid = follow.userid"
        " WHERE staff.status = ? AND staff.left_at > ? AND follow.id > ? ORDER BY follow.id LIMIT ?",
        LEFT, call.now - _YEAR, after, limit + 1,
    )  # fmt: skip
    rows, following = page(rows, limit, at=lambda row: (row["id"],))
    found = [
        {"handover_userid": row["userid"], "external_userid": row["contact"], "dimission_time": row["left_at"]}
        for row in rows
    ]
    return {"info": found, "is_last": not following, "next_cursor": following}


@api("externalcontact/groupchat/transfer", empty={"failed_chat_list": []})
def transfer_groups(call: Call) -> Answer:
    return _groups(call, resigned=True)


@api("externalcontact/groupchat/onjob_transfer", empty={"failed_chat_list": []})
def transfer_groups_on_job(call: Call) -> Answer:
    return _groups(call, resigned=False)


def _groups(call: Call, *, resigned: bool) -> Answer:
    new = lookups.heir(call, call.arguments.text("new_owner"))
    codes = {
        chat_id: _group(call, chat_id, new, resigned=resigned)
        for chat_id in call.arguments.texts("chat_id_list", most=_AT_ONCE, required=True)
    }
    return {
        "failed_chat_list": [
            {"chat_id": chat_id, "errcode": code, "errmsg": MEANINGS.get(code, "refused")}
            for chat_id, code in codes.items()
            if code
        ]
    }


def _group(call: Call, chat_id: str, new: Row, *, resigned: bool) -> int:
    store = call.store
    row = store.one("SELECT * FROM chat WHERE chat_id = ? AND dismissed = 0", chat_id)
    if row is None:
        return 90501
    gone = store.value("SELECT status FROM staff WHERE userid = ?", row["owner"]) == LEFT
    if gone is not resigned:
        return 90500 if resigned else 90502
    earlier = store.value(
        "SELECT COUNT(*) FROM transfer WHERE subject = ? AND kind = 'group' AND created > ?",
        chat_id,
        call.now - _PERIOD,
    )
    if not resigned and earlier >= _TIMES:
        return int(store.setting("code_transferred_too_often"))
    today = call.now - (call.now + 28_800) % 86_400
    if resigned and store.count(f"groups:{new['userid'].lower()}", today) > store.setting("groups_taken_a_day"):
        return 45009
    store.run("UPDATE chat SET owner = ?, status = ? WHERE id = ?", new["userid"], 3 if resigned else 0, row["id"])
    # The new owner is in the group from now on. An API write: no callback comes of it.
    store.run("INSERT OR IGNORE INTO chat_member VALUES (?, ?, 1, ?, 1, '', '')", chat_id, new["userid"], call.now)
    store.run("UPDATE chat SET version = version + 1 WHERE id = ?", row["id"])
    store.run(
        "INSERT INTO transfer (handover, takeover, subject, created, status, finished, kind)"
        " VALUES (?, ?, ?, ?, 1, ?, 'group')",
        row["owner"], new["userid"], chat_id, call.now, call.now,
    )  # fmt: skip
    return 0
