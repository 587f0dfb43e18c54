"""Months of a company's life: what people of twenty stores do to each other, drawn at random and reproducibly."""

import random
from collections.abc import Iterator
from typing import Any

from tests.wecom.sandbox.company import Company

Step = tuple[str, dict[str, Any]]
MANAGERS, GROUPS, CUSTOMERS = 20, 60, 300
_FIRST_SHOP = 2  # department 1 is the company
_AT_ONCE = 500
# How often each thing happens, in a thousand.
_MIX = {
    "befriend": 190, "deserted": 75, "part": 50, "remark": 100, "give_tag": 100, "take_tag": 40, "join": 225,
    "leave": 90, "remove": 35, "rename_group": 30, "set_notice": 15, "change_owner": 10, "create_group": 4,
    "dismiss": 2, "hire": 5, "move": 10, "resign": 1, "rename_person": 2, "create_department": 3,
    "rename_department": 5, "delete_department": 2, "make_tag": 4, "rename_tag": 5, "delete_tag": 1,
}  # fmt: skip


class Neighbourhood:
    """Draws what may happen next from what it knows to be there; the company says what of it is possible."""

    def __init__(self, company: Company, *, seed: int) -> None:
        self.company = company
        self.dice = random.Random(seed)  # noqa: S311 -- reproducible on purpose
        self.staff = [f"manager{number:04}" for number in range(1, MANAGERS + 1)]
        self.departments = list(range(_FIRST_SHOP, MANAGERS + _FIRST_SHOP))
        self.added: list[int] = []
        self.chats = [row["chat_id"] for row in company.rows("chat")]
        self.customers = [row["id"] for row in company.rows("contact")]
        self.friends = [(row["userid"], row["contact"]) for row in company.rows("follow")]
        self.inside = [(row["chat_id"], row["member"]) for row in company.rows("chat_member") if row["type"] == 2]
        self.tags: list[str] = []
        self._number = 0

    def live(self, *, until: int) -> None:
        """Let things happen until there have been so many events in all."""
        while (missing := until - self.company.see("state")["counts"]["event"]) > 0:
            steps = [self._step() for _ in range(min(missing, _AT_ONCE))]
            results = self.company.control("batch", steps=steps, every=1)["results"]
            for (name, given), outcome in zip(steps, results, strict=True):
                if "result" in outcome:
                    self._remember(name, given, outcome["result"])

    def _step(self) -> Step:
        while True:
            [what] = self.dice.choices(list(_MIX), weights=list(_MIX.values()))
            step = next(self._drawn(what), None)
            if step is not None:
                return step

    def _drawn(self, what: str) -> Iterator[Step]:
        pick, number = self.dice.choice, self._next()
        someone, chat, shop = pick(self.staff), pick(self.chats), pick(self.departments)
        pair, stay = pick(self.friends), pick(self.inside)
        tag = pick(self.tags) if self.tags else None
        relation = {"userid": pair[0], "contact": pair[1]}
        drawn: dict[str, Step | None] = {
            "befriend": (
                "befriend", {**self._neighbours(), "add_way": 1, "state": f"dq{number % 40}"}
            ),
            "deserted": ("part", {**relation, "by": "customer"}),
            "part": ("part", {**relation, "by": "member"}),
            "remark": ("remark", {**relation, "text": f"常客{number}"}),
            "give_tag": ("give_tag", {**relation, "tag_id": tag}) if tag else None,
            "take_tag": ("give_tag", {**relation, "tag_id": tag, "take": True}) if tag else None,
            "join": (
                "join",
                {"chat_id": chat, "person": pick(self.customers), "scene": 3, "state": f"dq{number % 40}"},
            ),
            "leave": ("leave", {"chat_id": stay[0], "person": stay[1]}),
            "remove": ("leave", {"chat_id": stay[0], "person": stay[1], "removed": True}),
            "rename_group": ("rename_group", {"chat_id": chat, "name": f"福利群{number}"}),
            "set_notice": ("set_notice", {"chat_id": chat, "text": f"公告{number}"}),
            "change_owner": ("change_owner", {"chat_id": chat, "userid": someone}),
            "create_group": ("create_group", {"owner": someone, "name": f"新群{number}"}),
            "dismiss": ("dismiss", {"chat_id": chat}),
            "hire": ("hire", {"userid": f"Guide{number}", "name": f"导购{number}", "department": shop}),
            "move": ("move", {"userid": someone, "department": shop}),
            "resign": ("resign", {"userid": someone}),
            "rename_person": ("rename_person", {"userid": someone, "name": f"改名{number}"}),
            "create_department": ("create_department", {"name": f"分部{number}", "parentid": shop}),
            "rename_department": (
                ("rename_department", {"number": pick(self.added), "name": f"分部{number}"}) if self.added else None
            ),
            "delete_department": ("delete_department", {"number": pick(self.added)}) if self.added else None,
            "make_tag": ("make_tag", {"group": f"组{number % 5}", "name": f"标签{number}"}),
            "rename_tag": ("rename_tag", {"tag_id": tag, "name": f"改签{number}"}) if tag else None,
            "delete_tag": ("delete_tag", {"tag_id": tag}) if tag else None,
        }  # fmt: skip
        if (step := drawn[what]) is not None:
            yield step

    def _neighbours(self) -> dict[str, str]:
        """A customer, and one of the two colleagues she may ever add."""
        who = self.dice.randrange(len(self.customers))
        colleague = self.staff[(who + self.dice.randrange(2)) % len(self.staff)]
        return {"userid": colleague, "contact": self.customers[who]}

    def _remember(self, name: str, given: dict[str, Any], result: Any) -> None:  # noqa: C901 -- a plain list of cases
        match name:
            case "befriend":
                self.friends.append((given["userid"], given["contact"]))
            case "part":
                _forget(self.friends, (given["userid"], given["contact"]))
            case "join" if result:
                self.inside.append((given["chat_id"], given["person"]))
            case "leave":
                _forget(self.inside, (given["chat_id"], given["person"]))
            case "create_group":
                self.chats.append(result)
            case "dismiss":
                _forget(self.chats, given["chat_id"])
            case "hire":
                self.staff.append(given["userid"])
            case "resign":
                _forget(self.staff, given["userid"])
            case "create_department":
                self.added.append(result)
                self.departments.append(result)
            case "delete_department":
                _forget(self.added, given["number"])
                _forget(self.departments, given["number"])
            case "make_tag":
                self.tags.append(result["tag_id"])
            case "delete_tag":
                _forget(self.tags, given["tag_id"])

    def _next(self) -> int:
        self._number += 1
        return self._number


def _forget(known: list[Any], one: Any) -> None:
    if one in known:
        known.remove(one)
