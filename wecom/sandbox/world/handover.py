"""Customers on their way from one member to another: they may refuse for 24 hours, then it is done."""

from wecom.sandbox.events import emit
from wecom.sandbox.store import Store
from wecom.sandbox.world import people
from wecom.sandbox.world.errors import Impossible

DONE, WAITING, REFUSED, FULL = 1, 2, 3, 4


def complete_due(store: Store) -> bool:
    """Finish the transfers nobody refused in time; whether there were any."""
    before = int(store.now()) - store.setting("transfer_seconds")
    due = store.all(
        "SELECT * FROM transfer WHERE status = ? AND created <= ? AND kind <> 'group' LIMIT 500", WAITING, before
    )
    for row in due:
        full = store.value("SELECT COUNT(*) FROM follow WHERE userid = ?", row["takeover"])
        if full >= store.setting("customers_per_member"):
            _finish(store, row["id"], FULL)
            _fail(store, row["takeover"], row["subject"], "customer_limit_exceed")
            continue
        _finish(store, row["id"], DONE)
        _hand_over(store, row["handover"], row["takeover"], row["subject"], on_job=row["kind"] == "onjob")
    return bool(due)


def _hand_over(store: Store, handover: str, takeover: str, contact: str, *, on_job: bool) -> None:
    if on_job and people.follow_row(store, handover, contact):
        people.part(store, userid=handover, contact=contact, by="member", source="DELETE_BY_TRANSFER")
    else:
        store.run("DELETE FROM follow WHERE userid = ? AND contact = ?", handover, contact)
    if people.follow_row(store, takeover, contact) is None:  # else no event comes (wecom.md §3.11)
        people.befriend(store, userid=takeover, contact=contact, add_way=202)


def refuse(store: Store, *, contact: str) -> None:
    """The customer declines to be handed over."""
    row = store.one("SELECT * FROM transfer WHERE subject = ? AND status = ?", contact, WAITING)
    if row is None:
        raise Impossible("没有进行中的接替")
    _finish(store, row["id"], REFUSED)
    _fail(store, row["takeover"], contact, "customer_refused")


def _finish(store: Store, number: int, status: int) -> None:
    store.run("UPDATE transfer SET status = ?, finished = ? WHERE id = ?", status, int(store.now()), number)


def _fail(store: Store, takeover: str, contact: str, reason: str) -> None:
    emit(
        store, Event="change_external_contact", ChangeType="transfer_fail", UserID=takeover, ExternalUserID=contact,
        FailReason=reason,
    )  # fmt: skip
