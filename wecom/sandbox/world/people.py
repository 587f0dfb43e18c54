"""Members and customers: who they are, who knows whom, and what they do to each other by hand."""

import json
from typing import Any

from wecom.sandbox.events import emit
from wecom.sandbox.store import Row, Store
from wecom.sandbox.world.errors import Impossible

ACTIVE, LEFT = 1, 5
HALF, DESERTED = 1, 2  # of a relation: she waits for him to accept; she deleted him, and he lists her still
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "芳娜敏静丽强磊洋艳勇军杰娟涛超明霞平刚桂英华玉兰飞红梅鑫波鹏宇浩凯琴云帆佳怡晨雪慧颖丹萍"


def made_up_name(number: int) -> str:
    """A name for the n-th person; the same number gives the same name."""
    given, family = len(_GIVEN), len(_SURNAMES)
    second = _GIVEN[(number // family // given) % given] if number % 3 else ""
    return _SURNAMES[number % family] + _GIVEN[(number * 7 + number // family) % given] + second


def staff_row(store: Store, userid: str) -> Row:
    """A member who still works here. :raises Impossible:"""
    row = store.one("SELECT * FROM staff WHERE userid = ?", userid)
    if row is None or row["status"] == LEFT:
        raise Impossible(f"没有成员 {userid}")
    return row


def is_here(store: Store, userid: str) -> bool:
    """Whether a member works here now."""
    return store.one("SELECT 1 FROM staff WHERE userid = ? AND status = ?", userid, ACTIVE) is not None


def contact_row(store: Store, contact: str) -> Row:
    row = store.one("SELECT * FROM contact WHERE id = ?", contact)
    if row is None:
        raise Impossible(f"没有客户 {contact}")
    return row


def name_of(store: Store, person: str) -> str:
    return str(
        store.value("SELECT name FROM contact WHERE id = ?", person)
        or store.value("SELECT name FROM staff WHERE userid = ?", person)
        or person
    )


def create_contact(store: Store, *, name: str = "", unionid: str | None = None, gender: int = 0, type_: int = 1) -> str:
    """Somebody new with a phone; her external_userid. WeCom users (type 2) have no unionid."""
    contact = store.new_id("wm")
    chosen = name or made_up_name(store.count("person", 0))
    union = ("" if type_ != 1 else f"o{contact[2:29]}") if unionid is None else unionid
    store.run("INSERT INTO contact VALUES (?, ?, ?, ?, ?)", contact, chosen, union, gender, type_)
    return contact


def hire(store: Store, *, userid: str, name: str, department: int, position: str = "店长", **extra: Any) -> None:
    """A new member of the company; 通讯录 events name only the id and departments (wecom.md §1.1)."""
    if store.one("SELECT 1 FROM staff WHERE userid = ?", userid):
        raise Impossible("userid 已存在")
    if store.one("SELECT 1 FROM department WHERE id = ?", department) is None:
        raise Impossible("没有这个部门")
    store.run(
        "INSERT INTO staff (userid, name, department, position, mobile, last_login) VALUES (?, ?, ?, ?, ?, ?)",
        userid, name, department, position, str(extra.get("mobile", "")), int(store.now()),
    )  # fmt: skip
    emit(store, Event="change_contact", ChangeType="create_user", UserID=userid, Department=str(department))


def resign(store: Store, *, userid: str) -> None:
    """A member leaves; his customers and groups wait for somebody else."""
    row = staff_row(store, userid)
    store.run("UPDATE staff SET status = ?, left_at = ? WHERE userid = ?", LEFT, int(store.now()), userid)
    store.run("UPDATE chat SET status = 1 WHERE owner = ? AND dismissed = 0", userid)
    emit(store, Event="change_contact", ChangeType="delete_user", UserID=row["userid"])


def move(store: Store, *, userid: str, department: int) -> None:
    row = staff_row(store, userid)
    if store.one("SELECT 1 FROM department WHERE id = ?", department) is None:
        raise Impossible("没有这个部门")
    store.run("UPDATE staff SET department = ? WHERE userid = ?", department, userid)
    emit(store, Event="change_contact", ChangeType="update_user", UserID=row["userid"], Department=str(department))


def create_department(store: Store, *, name: str, parentid: int = 1) -> int:
    number = int(store.value("SELECT COALESCE(MAX(id), 0) + 1 FROM department"))
    parent = parentid if number > 1 else 0
    store.run("INSERT INTO department VALUES (?, ?, ?, ?)", number, name, parent, number)
    emit(store, Event="change_contact", ChangeType="create_party", Id=number, Name=name, ParentId=parent)
    return number


def rename_department(store: Store, *, number: int, name: str) -> None:
    if not store.run("UPDATE department SET name = ? WHERE id = ?", name, number):
        raise Impossible("没有这个部门")
    emit(store, Event="change_contact", ChangeType="update_party", Id=number, Name=name)


def delete_department(store: Store, *, number: int) -> None:
    """An empty one goes; the company itself and those with people or departments in them stay."""
    if store.one("SELECT 1 FROM staff WHERE department = ? AND status <> ?", number, LEFT):
        raise Impossible("部门里还有成员")
    if number == 1 or store.one("SELECT 1 FROM department WHERE parentid = ?", number):
        raise Impossible("部门下还有部门")
    if not store.run("DELETE FROM department WHERE id = ?", number):
        raise Impossible("没有这个部门")
    emit(store, Event="change_contact", ChangeType="delete_party", Id=number)


def rename(store: Store, *, userid: str, name: str) -> None:
    """A member's name changes; addresses saved since 2022 hear nothing of names (wecom.md §1.1)."""
    store.run("UPDATE staff SET name = ? WHERE userid = ?", name, staff_row(store, userid)["userid"])


def follow_row(store: Store, userid: str, contact: str) -> Row | None:
    return store.one("SELECT * FROM follow WHERE userid = ? AND contact = ?", userid, contact)


def befriend(
    store: Store,
    *,
    userid: str,
    contact: str,
    add_way: int,
    state: str = "",
    verified: bool = True,
    quietly: bool = False,
) -> str:
    """A member and a customer become contacts; the welcome code, if one was made.

    :param verified: False where she has to wait for him to accept (`accept`).
    """
    member, customer = staff_row(store, userid), contact_row(store, contact)
    if not member["follows"]:
        raise Impossible("该成员没有客户联系权限")
    known = follow_row(store, userid, contact)
    if known is not None and not known["half"]:
        return ""
    full = store.value("SELECT COUNT(*) FROM follow WHERE userid = ?", userid) >= store.setting("customers_per_member")
    if full and known is None:
        raise Impossible("对方的客户数已达上限")
    now = int(store.now())
    if known is None:
        store.run(
            "INSERT INTO follow (userid, contact, add_way, state, created, half) VALUES (?, ?, ?, ?, ?, ?)",
            member["userid"], contact, add_way, state, now, int(not verified),
        )  # fmt: skip
    else:
        store.run("UPDATE follow SET half = 0, created = ? WHERE id = ?", now, known["id"])
    if quietly:
        return ""
    used = known is not None and store.value(
        "SELECT 1 FROM welcome WHERE userid = ? AND contact = ? AND used > 0", userid, contact
    )
    code = "" if member["admin_welcome"] or customer["type"] != 1 or used else _welcome_code(store, userid, contact)
    given = {"State": state or (known["state"] if known else ""), "WelcomeCode": code}
    emit(
        store, Event="change_external_contact",
        ChangeType="add_external_contact" if verified else "add_half_external_contact",
        UserID=member["userid"], ExternalUserID=contact, **{name: value for name, value in given.items() if value},
    )  # fmt: skip
    return code


def accept(store: Store, *, userid: str, contact: str) -> str:
    """The member confirms a customer who added him; from then on it is mutual."""
    known = follow_row(store, userid, contact)
    if known is None or known["half"] != HALF:
        raise Impossible("没有待通过的申请")
    return befriend(store, userid=userid, contact=contact, add_way=known["add_way"])


def part(store: Store, *, userid: str, contact: str, by: str, source: str = "") -> None:
    """One deletes the other: `by` is "member" or "customer"."""
    member, known = staff_row(store, userid), follow_row(store, userid, contact)
    if known is None or (by == "customer" and known["half"] == DESERTED):
        raise Impossible("两人不是好友")
    if by == "customer" and store.setting("lists_deserters"):
        store.run("UPDATE follow SET half = ? WHERE id = ?", DESERTED, known["id"])
    else:
        store.run("DELETE FROM follow WHERE id = ?", known["id"])
        store.run("DELETE FROM mark WHERE userid = ? AND contact = ?", userid, contact)
    change = "del_external_contact" if by == "member" else "del_follow_user"
    extra = {"Source": source} if source else {}
    emit(
        store,
        Event="change_external_contact",
        ChangeType=change,
        UserID=member["userid"],
        ExternalUserID=contact,
        **extra,
    )


def remark(store: Store, *, userid: str, contact: str, text: str, mobiles: list[str] | None = None) -> None:
    """The member edits what he notes on a customer, by hand."""
    known = follow_row(store, userid, contact)
    if known is None:
        raise Impossible("两人不是好友")
    kept = known["remark_mobiles"] if mobiles is None else json.dumps(mobiles)
    store.run("UPDATE follow SET remark = ?, remark_mobiles = ? WHERE id = ?", text[:20], kept, known["id"])
    emit(
        store, Event="change_external_contact", ChangeType="edit_external_contact", UserID=known["userid"],
        ExternalUserID=contact,
    )  # fmt: skip


def _welcome_code(store: Store, userid: str, contact: str) -> str:
    code = store.new_id("WELCOME", 24)
    expires = int(store.now()) + store.setting("welcome_seconds")
    store.run(
        "INSERT INTO welcome (code, userid, contact, expires, used) VALUES (?, ?, ?, ?, 0)",
        code,
        userid,
        contact,
        expires,
    )
    return code
