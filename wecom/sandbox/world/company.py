"""A company told line by line (docs/decisions/0015-demo-company.md): who works where, who knows whom, which groups.

Founding it causes no callbacks: it was so before anybody looked.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from wecom.sandbox.store import Store, scrambled
from wecom.sandbox.world.chats import EXTERNAL, INVITED, MEMBER, QR
from wecom.sandbox.world.errors import Impossible

Line = dict[str, Any]


class Founder:
    """Writes an empty company; what one line names, an earlier one has introduced."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = int(store.now())
        self.customers: dict[str, str] = {}  # key in the file → external_userid
        self.counts = {"department": 0, "member": 0, "customer": 0, "follow": 0, "group": 0}
        self._writers: dict[str, Callable[[Line], None]] = {
            "department": self._department, "member": self._member, "customer": self._customer,
            "follow": self._follow, "group": self._group,
        }  # fmt: skip

    def write(self, line: Line) -> None:
        """:raises Impossible: the line is none of ours, or names somebody unknown"""
        [(kind, given)] = line.items() if len(line) == 1 else [("", {})]
        if kind not in self._writers:
            raise Impossible("每行应是 department、member、customer、follow、group 之一")
        self._writers[kind](given)
        self.counts[kind] += 1

    def _department(self, given: Line) -> None:
        number = int(given["id"])
        self.store.run(
            "INSERT INTO department VALUES (?, ?, ?, ?)", number, given["name"], int(given["parent"]), number
        )

    def _member(self, given: Line) -> None:
        if self.store.one("SELECT 1 FROM department WHERE id = ?", given["department"]) is None:
            raise Impossible(f"没有部门 {given['department']}")
        self.store.run(
            "INSERT INTO staff (userid, name, department, position, mobile, last_login) VALUES (?, ?, ?, ?, ?, ?)",
            given["userid"], given["name"], given["department"], given.get("position", ""), given.get("mobile", ""),
            self.now,
        )  # fmt: skip

    def _customer(self, given: Line) -> None:
        contact = "wm" + scrambled(f"company:wm:{len(self.customers)}", 30)
        if self.customers.setdefault(given["key"], contact) != contact:
            raise Impossible(f"客户 {given['key']} 写了两次")
        self.store.run(
            "INSERT INTO contact VALUES (?, ?, ?, ?, 1)",
            contact, given["name"], given.get("unionid") or f"o{contact[2:29]}", int(given.get("gender", 0)),
        )  # fmt: skip

    def _follow(self, given: Line) -> None:
        self.store.run(
            "INSERT INTO follow (userid, contact, add_way, created, remark, remark_mobiles, chatted)"
            " VALUES (?, ?, ?, ?, ?, ?, 1)",
            self._userid(given["userid"]), self._known(given["customer"]), int(given.get("add_way", 0)),
            int(given["at"]), given.get("remark", ""), json.dumps(given.get("mobiles", [])),
        )  # fmt: skip

    def _group(self, given: Line) -> None:
        owner, made_at, people = self._userid(given["owner"]), int(given["at"]), given.get("people", [])
        if len(people) >= self.store.setting("group_members"):
            raise Impossible(f"{given['name']} 装不下 {len(people)} 人")
        chat_id = "wr" + scrambled(f"company:wr:{self.counts['group']}", 30)
        self.store.run(
            "INSERT INTO chat (chat_id, name, owner, created) VALUES (?, ?, ?, ?)",
            chat_id, given["name"], owner, made_at,
        )  # fmt: skip
        rows = [(chat_id, owner, MEMBER, made_at, INVITED, "")]
        for one in people:
            invitor = self._userid(one["invitor"]) if "invitor" in one else ""
            if "userid" in one:
                rows.append((chat_id, self._userid(one["userid"]), MEMBER, int(one["at"]), INVITED, owner))
            else:
                scene = int(one.get("scene", QR))
                rows.append((chat_id, self._known(one["customer"]), EXTERNAL, int(one["at"]), scene, invitor))
        self.store.run_many("INSERT INTO chat_member VALUES (?, ?, ?, ?, ?, ?, '')", iter(rows))

    def _userid(self, userid: str) -> str:
        found = self.store.value("SELECT userid FROM staff WHERE userid = ?", userid)
        if found is None:
            raise Impossible(f"没有成员 {userid}")
        return str(found)

    def _known(self, key: str) -> str:
        if key not in self.customers:
            raise Impossible(f"没有客户 {key}")
        return self.customers[key]


def found(store: Store, lines: Iterable[str]) -> dict[str, int]:
    """Fill an empty company from a file's lines; how many of what. Call it in a transaction.

    :raises Impossible: there is somebody already, or a line makes no sense; its number is in the message
    """
    if store.value("SELECT COUNT(*) FROM staff"):
        raise Impossible("公司已经有成员，先清空")
    founder = Founder(store)
    for number, text in enumerate(lines, start=1):
        try:
            founder.write(json.loads(text))
        except Impossible as reason:
            raise Impossible(f"第 {number} 行：{reason}") from None
        except Exception as error:  # noqa: BLE001 -- whatever a file may hold, its line is what helps
            raise Impossible(f"第 {number} 行写得不对：{error!r}") from None
    store.count("person", 0, by=founder.counts["customer"])
    return founder.counts
