"""客户朋友圈 (wecom.md §3.9): members confirm here too."""

from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import lookups
from wecom.sandbox.arguments import Arguments
from wecom.sandbox.routing import Answer, Call, api, page, position_of
from wecom.sandbox.store import Row
from wecom.sandbox.world import moments

_DAY = 86_400
_RUNNING, _DONE = 2, 3


@api("externalcontact/add_moment_task", empty={"jobid": ""})
def create(call: Call) -> Answer:
    given = call.arguments
    body: dict[str, Any] = {}
    if text := given.part("text").text("content", chars=2_000, octets=4_000):
        body["text"] = {"content": text}
    body |= _media(call)
    if not body:
        raise Refused(40063, "text and attachments are both empty")
    scope = given.part("visible_range")
    senders = scope.part("sender_list")
    users, parties = senders.texts("user_list", most=100_000), senders.numbers("department_list")
    tags = scope.part("external_contact_list").texts("tag_list")
    for tag in tags:
        if call.store.one("SELECT 1 FROM tag WHERE id = ?", tag) is None:
            raise Refused(40058, f"tag {tag}")
    jobid = call.store.new_id("job")
    moment_id, invalid = moments.create(call.store, body=body, users=users, parties=parties, tags=tags)
    call.store.keep("moment_job", jobid, {"created": call.now, "moment_id": moment_id, "invalid": invalid})
    return {"jobid": jobid}


def _media(call: Call) -> dict[str, Any]:
    """Up to nine images, or one video, or one link."""
    parts = [
        (one.choice("msgtype", ("image", "video", "link")), one) for one in call.arguments.parts("attachments", most=9)
    ]
    kinds = {kind for kind, _ in parts}
    if len(kinds) > 1 or (len(parts) > 1 and kinds != {"image"}):
        raise Refused(40058, "attachments")
    if not parts:
        return {}
    kind = parts[0][0]
    found = [_attachment(call, kind, one.part(kind, required=True)) for _, one in parts]
    return {kind: found if kind == "image" else found[0]}


def _attachment(call: Call, kind: str, body: Arguments) -> dict[str, str]:
    if kind == "link":
        link = {"title": body.text("title", octets=128), "url": body.text("url", required=True, octets=2_048)}
        return link | ({"media_id": lookups.media(call, body, kind="image", use=1)} if "media_id" in body else {})
    return {"media_id": lookups.media(call, body, kind=kind, use=1)}


@api("externalcontact/get_moment_task_result", method="GET", empty={"status": 0, "result": {}})
def job_result(call: Call) -> Answer:
    job = call.store.document("moment_job", call.arguments.text("jobid", required=True))
    if job is None or job["created"] + _DAY < call.now:
        raise Refused(40058, "jobid")
    waited = call.now - job["created"]
    if waited < call.store.setting("moment_seconds"):
        return {"status": 1 if waited == 0 else _RUNNING, "type": "add_moment_task"}
    return {
        "status": _DONE, "type": "add_moment_task",
        "result": {
            "errcode": 0, "errmsg": "ok", "moment_id": job["moment_id"], "invalid_sender_list": job["invalid"],
            "invalid_external_contact_list": {"tag_list": []},
        },
    }  # fmt: skip


def _moment(call: Call) -> dict[str, Any]:
    found = call.store.document("moment", call.arguments.text("moment_id", required=True))
    if found is None:
        raise Refused(40058, "moment_id")
    return found


@api("externalcontact/cancel_moment_task")
def cancel(call: Call) -> Answer:
    moment = _moment(call)
    call.store.keep("moment", moment["moment_id"], {**moment, "cancelled": True})
    return {}


@api("externalcontact/get_moment_list", empty={"moment_list": [], "next_cursor": ""})
def moment_list(call: Call) -> Answer:
    given = call.arguments
    since, until = given.number("start_time"), given.number("end_time")
    if since > until or until - since > 30 * _DAY:
        raise Refused(40058, "at most 30 days")
    which, creator = given.number("filter_type", default=2, low=0, high=2), given.text("creator").lower()
    limit = given.number("limit", default=20, low=1, high=20)
    [after] = position_of(given, 0)
    found = [
        one for one in call.store.documents("moment")
        if since <= one["create_time"] <= until and which in (2, one["create_type"])
        and (not creator or one.get("creator", "").lower() == creator) and one["number"] > after
    ]  # fmt: skip
    found, following = page(found, limit, at=lambda one: (one["number"],))
    hidden = {"number", "cancelled", "tags"}
    shown = [{name: value for name, value in one.items() if name not in hidden} for one in found]
    return {"moment_list": shown, "next_cursor": following}


def _paged(call: Call, sql: str, *values: Any, most: int) -> tuple[list[Row], str]:
    """Rows after the cursor; `sql` ends with a comparison of its text key."""
    limit = call.arguments.number("limit", default=most, low=1, high=most)
    [after] = position_of(call.arguments, "")
    return page(call.store.all(f"{sql} LIMIT ?", *values, after, limit + 1), limit, at=lambda row: (row[0],))


@api("externalcontact/get_moment_task", empty={"task_list": [], "next_cursor": ""})
def moment_tasks(call: Call) -> Answer:
    sql = "SELECT userid, published FROM moment_part WHERE moment_id = ? AND userid > ? ORDER BY userid"
    rows, following = _paged(call, sql, _moment(call)["moment_id"], most=1_000)
    found = [{"userid": row["userid"], "publish_status": row["published"]} for row in rows]
    return {"task_list": found, "next_cursor": following}


def _seen(call: Call, sql: str, most: int) -> Answer:
    moment, userid = _moment(call), call.arguments.text("userid", required=True)
    rows, following = _paged(call, sql, moment["moment_id"], userid, most=most)
    found = [{"external_userid": row["contact"], "userid": row["userid"]} for row in rows]
    return {"customer_list": found, "next_cursor": following}


@api("externalcontact/get_moment_customer_list", empty={"customer_list": [], "next_cursor": ""})
def chosen_customers(call: Call) -> Answer:
    sql = "SELECT contact, userid FROM moment_seen WHERE moment_id = ? AND userid = ? AND contact > ? ORDER BY contact"
    return _seen(call, sql, 1_000)


@api("externalcontact/get_moment_send_result", empty={"customer_list": [], "next_cursor": ""})
def reached_customers(call: Call) -> Answer:
    sql = (
        "SELECT contact, userid FROM moment_seen WHERE moment_id = ? AND userid = ? AND reached = 1 AND contact > ?"
        " ORDER BY contact"
    )
    return _seen(call, sql, 5_000)


@api("externalcontact/get_moment_comments", empty={"comment_list": [], "like_list": []})
def reactions(call: Call) -> Answer:
    moment, userid = _moment(call), call.arguments.text("userid", required=True)
    rows = call.store.all(
        "SELECT * FROM moment_seen WHERE moment_id = ? AND userid = ? ORDER BY at", moment["moment_id"], userid
    )
    shown = [(row, {"external_userid": row["contact"], "create_time": row["at"]}) for row in rows]
    return {
        "comment_list": [entry for row, entry in shown if row["comment"]],
        "like_list": [entry for row, entry in shown if row["liked"]],
    }
