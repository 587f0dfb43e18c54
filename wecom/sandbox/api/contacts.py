"""通讯录: departments and members (wecom.md §3.2)."""

from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import lookups
from wecom.sandbox.routing import BOTH, CONTACTS, Answer, Call, api, page, position_of
from wecom.sandbox.store import Row
from wecom.sandbox.world.people import LEFT

_DEPARTMENTS = "SELECT id, parentid, position FROM department ORDER BY id"


def _below(call: Call, root: int) -> set[int]:
    rows = call.store.all(
        "WITH RECURSIVE below (id) AS (SELECT id FROM department WHERE id = ? UNION"
        " SELECT department.id FROM department JOIN below ON department.parentid = below.id)"
        " SELECT id FROM below",
        root,
    )
    if not rows:
        raise Refused(60123, str(root))
    return {row["id"] for row in rows}


def _chosen(call: Call) -> list[Row]:
    rows = call.store.all(_DEPARTMENTS)
    if "id" not in call.arguments:
        return rows
    wanted = _below(call, call.arguments.number("id"))
    return [row for row in rows if row["id"] in wanted]


@api("department/simplelist", method="GET", secrets=BOTH, empty={"department_id": []})
def simple_departments(call: Call) -> Answer:
    return {"department_id": [_node(row) for row in _chosen(call)]}


@api("department/get", method="GET", secrets=frozenset({"app"}), otherwise=48009)
def department(call: Call) -> Answer:
    return {"department": _department(call, call.arguments.number("id"))}


@api("department/list", method="GET", otherwise=48009, empty={"department": []})
def departments(call: Call) -> Answer:
    return {"department": [_department(call, row["id"]) for row in _chosen(call)]}


def _node(row: Row) -> dict[str, Any]:
    return {"id": row["id"], "parentid": row["parentid"], "order": row["position"]}


def _department(call: Call, number: int) -> dict[str, Any]:
    row = call.store.one("SELECT * FROM department WHERE id = ?", number)
    if row is None:
        raise Refused(60123, str(number))
    return {**_node(row), "name": row["name"], "name_en": "", "department_leader": []}


@api("user/list_id", secrets=CONTACTS, empty={"dept_user": [], "next_cursor": ""})
def user_ids(call: Call) -> Answer:
    limit = call.arguments.number("limit", default=10_000, low=1, high=10_000)
    [after] = position_of(call.arguments, "")
    rows = call.store.all(
        "SELECT userid, department FROM staff WHERE status <> ? AND userid > ? ORDER BY userid LIMIT ?",
        LEFT,
        after,
        limit + 1,
    )
    rows, following = page(rows, limit, at=lambda row: (row["userid"],))
    users = [{"userid": row["userid"], "department": row["department"]} for row in rows]
    return {"dept_user": users, "next_cursor": following}


def _user(row: Row) -> dict[str, Any]:
    """What an app made after 2022-06-20 sees: no mobile, avatar, gender or e-mail."""
    return {
        "userid": row["userid"], "name": row["name"], "department": [row["department"]], "order": [0],
        "is_leader_in_dept": [0], "main_department": row["department"], "direct_leader": [],
        "position": row["position"], "status": row["status"],
    }  # fmt: skip


@api("user/get", method="GET", otherwise=48009)
def user(call: Call) -> Answer:
    return _user(lookups.member(call, call.arguments.text("userid")))


@api("user/list", method="GET", otherwise=48009, empty={"userlist": []})
def users(call: Call) -> Answer:
    return {"userlist": [_user(row) for row in _direct(call)]}


@api("user/simplelist", method="GET", otherwise=48009, empty={"userlist": []})
def user_names(call: Call) -> Answer:
    shown = ("userid", "name", "department")
    return {"userlist": [{name: _user(row)[name] for name in shown} for row in _direct(call)]}


def _direct(call: Call) -> list[Row]:
    number = call.arguments.number("department_id")
    if call.store.one("SELECT 1 FROM department WHERE id = ?", number) is None:
        raise Refused(60123, str(number))
    return call.store.all(
        "SELECT * FROM staff WHERE department = ? AND visible = 1 AND status <> ? ORDER BY userid", number, LEFT
    )


@api("user/getuserid")
def userid_by_mobile(call: Call) -> Answer:
    """Misses above a fifth of the company block the API for a day."""
    mobile = call.arguments.text("mobile", required=True)
    row = call.store.one("SELECT userid FROM staff WHERE mobile = ? AND status <> ?", mobile, LEFT)
    day = call.now - call.now % 86_400
    size = call.store.value("SELECT COUNT(*) FROM staff")
    if call.store.count("getuserid:missed", day, by=0) > size * 0.2:
        raise Refused(45009)
    if row is None:
        raise Refused(46004, counted=("getuserid:missed", day))
    return {"userid": row["userid"]}
