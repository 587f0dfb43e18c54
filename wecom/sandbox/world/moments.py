"""客户朋友圈 in the hands of members and customers: publishing, seeing, liking, commenting."""

from typing import Any

from wecom.sandbox.store import Store
from wecom.sandbox.world import people
from wecom.sandbox.world.errors import Impossible


def create(
    store: Store, *, body: dict[str, Any], users: list[str], parties: list[int], tags: list[str]
) -> tuple[str, dict[str, list[Any]]]:
    """A company's moment waits at its members; its id and the senders that are none."""
    moment_id = store.new_id("mom")
    known = {
        row["userid"].lower(): row["userid"]
        for row in store.all("SELECT userid FROM staff WHERE status = 1 AND follows = 1")
    }
    departments = {row["id"] for row in store.all("SELECT id FROM department")}
    invalid: dict[str, list[Any]] = {
        "user_list": [userid for userid in users if userid.lower() not in known],
        "department_list": [party for party in parties if party not in departments],
    }
    senders = [known[userid.lower()] for userid in users if userid.lower() in known]
    for party in parties:
        senders += [
            row["userid"]
            for row in store.all("SELECT userid FROM staff WHERE department = ? AND status = 1 AND follows = 1", party)
        ]
    if not users and not parties:
        senders = list(known.values())
    store.keep("moment", moment_id, {
        "moment_id": moment_id, "create_time": int(store.now()), "create_type": 0, "visible_type": int(not tags),
        **body, "number": store.count("moment", 0), "tags": tags,
    })  # fmt: skip
    for userid in dict.fromkeys(senders):
        store.run("INSERT INTO moment_part (moment_id, userid) VALUES (?, ?)", moment_id, userid)
        store.run(
            "INSERT INTO moment_seen (moment_id, userid, contact)"  # noqa: S608 -- only question marks are added
            f" SELECT ?, userid, contact FROM follow WHERE userid = ? AND half = 0{_tagged(tags)}",
            moment_id, userid, *tags,
        )  # fmt: skip
    return moment_id, invalid


def _tagged(tags: list[str]) -> str:
    if not tags:
        return ""
    marks = ",".join("?" * len(tags))
    same = "mark.userid = follow.userid AND mark.contact = follow.contact"
    return f" AND EXISTS (SELECT 1 FROM mark WHERE {same} AND tag IN ({marks}))"  # noqa: S608 -- only question marks


def publish(store: Store, *, moment_id: str, userid: str) -> None:
    """The member confirms; from then on his customers see it."""
    people.staff_row(store, userid)
    moment = store.document("moment", moment_id)
    if moment is None or moment.get("cancelled"):
        raise Impossible("企业已停止该朋友圈任务")
    if not store.run(
        "UPDATE moment_part SET published = 1 WHERE moment_id = ? AND userid = ? AND published = 0", moment_id, userid
    ):
        raise Impossible("没有待发表的朋友圈")
    store.run(
        "UPDATE moment_seen SET reached = 1 WHERE moment_id = ? AND userid = ? AND contact IN"
        " (SELECT contact FROM follow WHERE userid = ?)", moment_id, userid, userid,
    )  # fmt: skip


def react(store: Store, *, moment_id: str, userid: str, contact: str, comment: str = "") -> None:
    """A customer who sees a moment likes it, or comments on it."""
    changed = store.run(
        "UPDATE moment_seen SET liked = CASE WHEN ? = '' THEN 1 ELSE liked END, comment = CASE WHEN ? = '' THEN comment"
        " ELSE ? END, at = ? WHERE moment_id = ? AND userid = ? AND contact = ? AND reached = 1",
        comment, comment, comment, int(store.now()), moment_id, userid, contact,
    )  # fmt: skip
    if not changed:
        raise Impossible("看不到这条朋友圈")
