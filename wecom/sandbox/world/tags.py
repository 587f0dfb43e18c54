"""Tags in the hands of people: the admin console makes and deletes them, members give them to their customers."""

from wecom.sandbox.events import emit
from wecom.sandbox.store import Row, Store
from wecom.sandbox.world.errors import Impossible
from wecom.sandbox.world.people import follow_row


def make(store: Store, *, group: str, name: str) -> dict[str, str]:
    """A tag made in the admin console, which an app may mark and not edit; its group too where it is new."""
    now, known = int(store.now()), store.one("SELECT id FROM tag_group WHERE name = ?", group)
    group_id = known["id"] if known else store.new_id("et")
    if known is None:
        store.run("INSERT INTO tag_group VALUES (?, ?, 0, ?, 0)", group_id, group, now)
        _tell(store, "create", group_id, kind="tag_group")
    elif store.one("SELECT 1 FROM tag WHERE tag_group = ? AND name = ?", group_id, name):
        raise Impossible("组里已有这个标签")
    tag_id = store.new_id("et")
    store.run("INSERT INTO tag VALUES (?, ?, ?, 0, ?, 0)", tag_id, group_id, name, now)
    _tell(store, "create", tag_id)
    return {"group_id": group_id, "tag_id": tag_id}


def rename(store: Store, *, tag_id: str, name: str) -> None:
    row = _row(store, tag_id)
    if store.one("SELECT 1 FROM tag WHERE tag_group = ? AND name = ? AND id <> ?", row["tag_group"], name, tag_id):
        raise Impossible("组里已有这个标签")
    store.run("UPDATE tag SET name = ? WHERE id = ?", name, tag_id)
    _tell(store, "update", tag_id)


def shuffle(store: Store, *, group_id: str) -> None:
    """The tags of a group are put into another order, here turned round."""
    rows = store.all("SELECT id FROM tag WHERE tag_group = ? ORDER BY position DESC, rowid", group_id)
    if not rows:
        raise Impossible("没有这个标签组")
    for place, row in enumerate(rows):
        store.run("UPDATE tag SET position = ? WHERE id = ?", place + 1, row["id"])
    emit(store, Event="change_external_tag", ChangeType="shuffle", Id=group_id)


def delete(store: Store, *, tag_id: str) -> None:
    """Everybody loses the tag, and no event says so; an emptied group goes with it."""
    row = _row(store, tag_id)
    store.run("DELETE FROM mark WHERE tag = ?", tag_id)
    store.run("DELETE FROM tag WHERE id = ?", tag_id)
    _tell(store, "delete", tag_id)
    if not store.value("SELECT COUNT(*) FROM tag WHERE tag_group = ?", row["tag_group"]):
        store.run("DELETE FROM tag_group WHERE id = ?", row["tag_group"])
        _tell(store, "delete", row["tag_group"], kind="tag_group")


def give(store: Store, *, userid: str, contact: str, tag_id: str, take: bool = False) -> None:
    """The member gives his customer a tag, or takes it away, by hand."""
    known = follow_row(store, userid, contact)
    if known is None:
        raise Impossible("两人不是好友")
    _row(store, tag_id)
    if take:
        store.run("DELETE FROM mark WHERE userid = ? AND contact = ? AND tag = ?", known["userid"], contact, tag_id)
    else:
        store.run("INSERT OR IGNORE INTO mark VALUES (?, ?, ?)", known["userid"], contact, tag_id)
    emit(
        store, Event="change_external_contact", ChangeType="edit_external_contact", UserID=known["userid"],
        ExternalUserID=contact,
    )  # fmt: skip


def _row(store: Store, tag_id: str) -> Row:
    row = store.one("SELECT * FROM tag WHERE id = ?", tag_id)
    if row is None:
        raise Impossible("没有这个标签")
    return row


def _tell(store: Store, change: str, number: str, *, kind: str = "tag") -> None:
    emit(store, Event="change_external_tag", ChangeType=change, Id=number, TagType=kind)
