"""Scenarios: steps written down with the moments at which they fall due, so that a restart goes on with them."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wecom.sandbox.store import Store
from wecom.sandbox.world import chats, codes, people
from wecom.sandbox.world.errors import Impossible

Step = tuple[float, str, dict[str, Any]]
_MINUTE = 60
_NAME_CARD = 3  # add_way
_TALK = (
    "早上好，今天有什么新鲜的？", "芒果甜不甜呀", "给我留两箱", "昨天的阳光玫瑰真不错", "几点可以自提？",
    "能送货上门吗", "孩子说还想吃", "+1", "怎么接龙？", "收到，谢谢店长", "今天榴莲到了吗", "价格再便宜点就好了",
)  # fmt: skip
TITLES = {"morning": "小区的早晨", "opening": "从装修到开业", "burst": "每分钟 300 人进群"}


def start(
    store: Store, *, name: str, seed: int = 1, minutes: int = 1, per_minute: int = 300, chat_id: str = "",
    userid: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Write a scenario's steps down; the first fall due at once.

    :param userid: the member round whose shop it plays; by default a `morning` plays in the groups of several, an
        `opening` at the shop with the fewest customers, a `burst` where the first group with room is
    :param chat_id: the group of a `burst`
    :raises Impossible: there is no such scenario, or nobody to play it
    """
    dice = random.Random(seed)  # noqa: S311 -- reproducible on purpose
    shop = Shop.of(store, userid) if userid else None
    match name:
        case "morning":
            steps = list(_morning(store, dice, shop))
        case "opening":
            steps = list(_opening(store, dice, shop))
        case "burst":
            steps = list(_burst(store, shop, chat_id, minutes, per_minute))
        case _:
            raise Impossible(f"没有这个剧本：{name}")
    now = store.now()
    store.run_many(
        "INSERT INTO step (due, action, arguments) VALUES (?, ?, ?)",
        [(now + wait, action, json.dumps(arguments, ensure_ascii=False)) for wait, action, arguments in steps],
    )
    return {"steps": len(steps), "seconds": max((wait for wait, _, _ in steps), default=0)}


@dataclass(frozen=True, slots=True)
class Shop:
    """A department that serves customers: its people, their groups, and the codes that lead to them."""

    team: tuple[str, ...]
    groups: tuple[str, ...]
    ways: tuple[dict[str, Any], ...]  # 联系我
    group_ways: tuple[dict[str, Any], ...]  # 加入群聊

    @classmethod
    def of(cls, store: Store, userid: str) -> "Shop":
        """:raises Impossible: nobody of that name works here"""
        department = people.staff_row(store, userid)["department"]
        rows = store.all(
            "SELECT userid FROM staff WHERE department = ? AND status = ? ORDER BY userid <> ? COLLATE NOCASE, userid",
            department, people.ACTIVE, userid,
        )  # fmt: skip
        team = tuple(row["userid"] for row in rows)
        groups = tuple(
            row["chat_id"]
            for one in team
            for row in store.all("SELECT chat_id FROM chat WHERE dismissed = 0 AND owner = ? ORDER BY id", one)
        )
        return cls(
            team, groups,
            tuple(way for way in store.documents("contact_way") if set(codes.members_of(store, way)) & set(team)),
            tuple(way for way in store.documents("join_way") if set(way["chat_id_list"]) & set(groups)),
        )  # fmt: skip


def _groups(store: Store, shop: Shop | None) -> list[str]:
    """The shop's groups, or one of each of the first owners."""
    found = list(shop.groups) if shop else [
        row["chat_id"]
        for row in store.all(
            "SELECT chat_id FROM chat WHERE dismissed = 0 AND id IN (SELECT MIN(id) FROM chat WHERE dismissed = 0"
            " GROUP BY owner) ORDER BY id LIMIT 5"
        )
    ]  # fmt: skip
    if not found:
        raise Impossible("还没有群")
    return found


def _morning(store: Store, dice: random.Random, shop: Shop | None) -> Iterator[Step]:
    """Ten minutes of a neighbourhood: talk, newcomers, one leaves, one changes her mind about the manager."""
    for chat_id in _groups(store, shop):
        inside = [
            row["member"]
            for row in store.all("SELECT member FROM chat_member WHERE chat_id = ? AND type = 2 LIMIT 40", chat_id)
        ]
        for person in dice.sample(inside, min(6, len(inside))):
            yield dice.uniform(0, 290), "say", {"room": chat_id, "sender": person, "text": dice.choice(_TALK)}
        for _ in range(3):
            newcomer = people.create_contact(store)
            yield dice.uniform(0, 540), "join", {"chat_id": chat_id, "person": newcomer}
        if inside:
            yield dice.uniform(300, 600), "leave", {"chat_id": chat_id, "person": dice.choice(inside)}
    ways = [*shop.ways, *shop.group_ways] if shop else store.documents("contact_way") + store.documents("join_way")
    for way in ways[:10]:
        yield dice.uniform(0, 600), "scan", {"code": way["config_id"], "contact": people.create_contact(store)}
    known = "SELECT userid, contact FROM follow WHERE half = 0"
    pair = store.one(f"{known} AND userid = ? ORDER BY id DESC LIMIT 1", shop.team[0]) if shop else store.one(
        f"{known} ORDER BY id DESC LIMIT 1"
    )  # fmt: skip
    if pair:
        yield 420.0, "part", {"userid": pair["userid"], "contact": pair["contact"], "by": "customer"}


def _opening(store: Store, dice: random.Random, shop: Shop | None) -> Iterator[Step]:
    """A new shop from its hoardings to its first day: a group, neighbours who scan the fit-out table's code, the rush.

    The neighbours come by the shop's own codes where it has some; without one they know the manager's name card, and
    carry no `state`, for nothing but a code does.
    """
    shop = shop or Shop.of(store, _newest_manager(store))
    userid = shop.team[0]
    name = str(store.value("SELECT name FROM department WHERE id = ?", people.staff_row(store, userid)["department"]))
    chat_id = chats.create(store, owner=userid, name=f"{name}·开业福利群{store.count('opened', 0)}")
    for day in range(3):
        for _ in range(8):
            newcomer, at = people.create_contact(store), 5 + day * 60 + dice.uniform(0, 50)
            if shop.ways:
                yield at, "scan", {"code": dice.choice(shop.ways)["config_id"], "contact": newcomer}
            else:
                yield at, "befriend", {"userid": userid, "contact": newcomer, "add_way": _NAME_CARD}
            yield (
                at + dice.uniform(5, 30),
                "join",
                {"chat_id": chat_id, "person": newcomer, "scene": chats.INVITED, "invitor": userid},
            )
    for _ in range(40):
        rush = {"chat_id": chat_id, "person": people.create_contact(store)}
        yield 200 + dice.uniform(0, 60), "join", rush


def _newest_manager(store: Store) -> str:
    """Who leads the shop with the fewest customers; in an empty company somebody is hired for a new one."""
    row = store.one(
        "SELECT staff.userid FROM staff LEFT JOIN follow ON follow.userid = staff.userid"
        " WHERE status = ? AND follows = 1 AND position = '店长' GROUP BY staff.userid"
        " ORDER BY COUNT(follow.id), staff.userid LIMIT 1", people.ACTIVE,
    )  # fmt: skip
    if row is not None:
        return str(row["userid"])
    department = people.create_department(store, name="新店")
    people.hire(store, userid="opening", name=people.made_up_name(3), department=department)
    return "opening"


def _burst(store: Store, shop: Shop | None, chat_id: str, minutes: int, per_minute: int) -> Iterator[Step]:
    """A street campaign of so many joins a minute; who finds a group full goes to the next.

    The shop's 加入群聊 code sees to that where it has one, else the newcomers go straight to where there is room.
    """
    way = shop.group_ways[0] if shop and shop.group_ways and not chat_id else None
    groups = [] if way else [chat_id] if chat_id else _groups(store, shop)
    room = {one: store.setting("group_members") - chats.size(store, one) for one in groups}
    for number in range(minutes * per_minute):
        at, person = number * _MINUTE / per_minute, people.create_contact(store)
        if way:
            yield at, "scan", {"code": way["config_id"], "contact": person}
            continue
        # Named or not, a group that is full by then turns her away: that is what happens in the street.
        group = next((one for one in groups if room[one] > 0), groups[-1])
        room[group] -= 1
        yield at, "join", {"chat_id": group, "person": person}
