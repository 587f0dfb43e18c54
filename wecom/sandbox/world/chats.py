"""Customer groups and conversations, as people make them, join them, talk in them and leave them."""

import json
from typing import Any

from wecom.sandbox.events import emit
from wecom.sandbox.store import Row, Store, scrambled
from wecom.sandbox.world.errors import Impossible
from wecom.sandbox.world.people import contact_row, follow_row, name_of, staff_row

INVITED, LINK, QR = 1, 2, 3  # groupchat/get; the callback counts differently
_EVENT_SCENE = {INVITED: 0, LINK: 0, QR: 3}
MEMBER, EXTERNAL = 1, 2


def version_of(chat_id: str, number: int) -> str:
    """The member_version after so many changes."""
    return scrambled(f"{chat_id}:{number}", 32)


def chat_row(store: Store, chat_id: str) -> Row:
    """A group that exists. :raises Impossible:"""
    row = store.one("SELECT * FROM chat WHERE chat_id = ? AND dismissed = 0", chat_id)
    if row is None:
        raise Impossible("群不存在或已解散")
    return row


def size(store: Store, chat_id: str) -> int:
    return int(store.value("SELECT COUNT(*) FROM chat_member WHERE chat_id = ?", chat_id))


def create(store: Store, *, owner: str, name: str, members: list[str] | None = None) -> str:
    """A member makes a customer group with himself as its owner."""
    member = staff_row(store, owner)
    chat_id, now = store.new_id("wr"), int(store.now())
    store.run(
        "INSERT INTO chat (chat_id, name, owner, created) VALUES (?, ?, ?, ?)", chat_id, name, member["userid"], now
    )
    store.run("INSERT INTO chat_member VALUES (?, ?, ?, ?, ?, '', '')", chat_id, member["userid"], MEMBER, now, INVITED)
    for contact in members or []:
        _befriended(store, owner, contact)
        store.run(
            "INSERT OR IGNORE INTO chat_member VALUES (?, ?, ?, ?, ?, ?, '')",
            chat_id, contact, EXTERNAL, now, INVITED, member["userid"],
        )  # fmt: skip
    emit(store, Event="change_external_chat", ChangeType="create", ChatId=chat_id)
    return chat_id


def _befriended(store: Store, userid: str, contact: str) -> None:
    if follow_row(store, userid, contact) is None:
        raise Impossible("只能邀请自己的客户")


def join(store: Store, *, chat_id: str, person: str, scene: int = QR, invitor: str = "", state: str = "") -> bool:
    """Somebody enters a group; False where she is in it already. :raises Impossible: it is full or gone."""
    chat = chat_row(store, chat_id)
    if store.one("SELECT 1 FROM chat_member WHERE chat_id = ? AND member = ?", chat_id, person):
        return False
    if size(store, chat_id) >= store.setting("group_members"):
        raise Impossible("群成员已达上限")
    staff = store.one("SELECT userid FROM staff WHERE userid = ? AND status <> 5", person)
    if staff is None:
        contact_row(store, person)
        if scene == INVITED and not invitor:
            raise Impossible("邀请入群要有邀请人")
    kind = MEMBER if staff is not None else EXTERNAL
    store.run(
        "INSERT INTO chat_member VALUES (?, ?, ?, ?, ?, ?, ?)",
        chat_id, person, kind, int(store.now()), scene, invitor, state,
    )  # fmt: skip
    _changed_members(store, chat, "add_member", {"JoinScene": _EVENT_SCENE[scene]}, [person])
    _welcome(store, chat, person)
    return True


def _welcome(store: Store, chat: Row, person: str) -> None:
    template = store.document("group_welcome", chat["welcome"]) if chat["welcome"] else None
    if template is None:
        return
    text = template.get("text", {}).get("content", "").replace("%NICKNAME%", name_of(store, person))
    parts = [{"msgtype": "text", "text": {"content": text}}] if text else []
    parts += [
        {"msgtype": kind, kind: template[kind]}
        for kind in ("image", "link", "miniprogram", "file", "video")
        if kind in template
    ]
    for content in parts:
        speak(store, room=chat["chat_id"], sender=chat["owner"], content={**content, "by": "入群欢迎语"})


def leave(store: Store, *, chat_id: str, person: str, removed: bool = False) -> None:
    """Somebody quits a group, or is removed from it by the owner."""
    chat = chat_row(store, chat_id)
    if person.lower() == chat["owner"].lower():
        raise Impossible("群主不能退群，只能转让或解散")
    if not store.run("DELETE FROM chat_member WHERE chat_id = ? AND member = ?", chat_id, person):
        raise Impossible("不在群里")
    _changed_members(store, chat, "del_member", {"QuitScene": int(removed)}, [person])


def _changed_members(store: Store, chat: Row, detail: str, scene: dict[str, int], people: list[str]) -> None:
    store.run("UPDATE chat SET version = version + 1 WHERE id = ?", chat["id"])
    emit(
        store, Event="change_external_chat", ChangeType="update", ChatId=chat["chat_id"], UpdateDetail=detail, **scene,
        MemChangeCnt=len(people), MemChangeList={"Item": people},
        LastMemVer=version_of(chat["chat_id"], chat["version"]),
        CurMemVer=version_of(chat["chat_id"], chat["version"] + 1),
    )  # fmt: skip


def rename(store: Store, *, chat_id: str, name: str) -> None:
    _edit(store, chat_id, "UPDATE chat SET name = ? WHERE id = ?", name, "change_name")


def set_notice(store: Store, *, chat_id: str, text: str) -> None:
    _edit(store, chat_id, "UPDATE chat SET notice = ? WHERE id = ?", text, "change_notice")


def change_owner(store: Store, *, chat_id: str, userid: str) -> None:
    """The owner hands the group to another member of it, by hand."""
    new = staff_row(store, userid)
    if store.one("SELECT 1 FROM chat_member WHERE chat_id = ? AND member = ?", chat_id, userid) is None:
        raise Impossible("新群主不在群里")
    _edit(store, chat_id, "UPDATE chat SET owner = ? WHERE id = ?", new["userid"], "change_owner")


def _edit(store: Store, chat_id: str, sql: str, value: str, detail: str) -> None:
    chat = chat_row(store, chat_id)
    store.run(sql, value, chat["id"])
    emit(store, Event="change_external_chat", ChangeType="update", ChatId=chat_id, UpdateDetail=detail)


def dismiss(store: Store, *, chat_id: str) -> None:
    chat = chat_row(store, chat_id)
    store.run("UPDATE chat SET dismissed = 1 WHERE id = ?", chat["id"])
    store.run("DELETE FROM chat_member WHERE chat_id = ?", chat_id)
    emit(store, Event="change_external_chat", ChangeType="dismiss", ChatId=chat_id)


def pick_welcome(store: Store, *, chat_id: str, template_id: str) -> None:
    """The owner chooses a group welcome template; no API can do that for him."""
    if store.document("group_welcome", template_id) is None:
        raise Impossible("没有这条入群欢迎语")
    store.run("UPDATE chat SET welcome = ? WHERE id = ?", template_id, chat_row(store, chat_id)["id"])


def room_of(store: Store, userid: str, contact: str) -> str:
    """The name under which two people's conversation is kept."""
    return f"{staff_row(store, userid)['userid']}|{contact}"


def say(store: Store, *, room: str, sender: str, text: str) -> None:
    """Somebody speaks by hand, in a group (its chat_id) or to one person (`userid|external_userid`)."""
    userid, pair, contact = room.partition("|")
    if pair:
        known = follow_row(store, userid, contact)
        if known is None or known["half"]:
            raise Impossible("还不是好友，消息发不出去")
        store.run("UPDATE follow SET chatted = 1 WHERE id = ?", known["id"])
    elif (
        store.one(
            "SELECT 1 FROM chat_member WHERE chat_id = ? AND member = ?", chat_row(store, room)["chat_id"], sender
        )
        is None
    ):
        raise Impossible("不在群里，不能发言")
    speak(store, room=room, sender=sender, content={"msgtype": "text", "text": {"content": text}})


def speak(store: Store, *, room: str, sender: str, content: dict[str, Any]) -> None:
    """Put a message into a conversation."""
    store.run(
        "INSERT INTO said (room, sender, at, content) VALUES (?, ?, ?, ?)",
        room, sender, int(store.now()), json.dumps(content, ensure_ascii=False),
    )  # fmt: skip
