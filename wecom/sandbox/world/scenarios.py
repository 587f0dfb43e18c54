"""Scenarios: steps written down with the moments at which they fall due, so that a restart goes on with them."""

import json
import random
from collections.abc import Iterator
from typing import Any

from wecom.sandbox.store import Store
from wecom.sandbox.world import people
from wecom.sandbox.world.errors import Impossible

Step = tuple[float, str, dict[str, Any]]
_MINUTE = 60
_TALK = (
    "早上好，今天有什么新鲜的？", "芒果甜不甜呀", "给我留两箱", "昨天的阳光玫瑰真不错", "几点可以自提？",
    "能送货上门吗", "孩子说还想吃", "+1", "怎么接龙？", "收到，谢谢店长", "今天榴莲到了吗", "价格再便宜点就好了",
)  # fmt: skip
TITLES = {"morning": "小区的早晨", "opening": "从装修到开业", "burst": "每分钟 300 人进群"}


def start(
    store: Store, *, name: str, seed: int = 1, minutes: int = 1, per_minute: int = 300, chat_id: str = ""
) -> dict[str, Any]:
    """Write a scenario's steps down; the first fall due at once.

    :param chat_id: the group of a `burst`; by default the largest that has room
    :raises Impossible: there is no such scenario, or nobody to play it
    """
    dice = random.Random(seed)  # noqa: S311 -- reproducible on purpose
    match name:
        case "morning":
            steps = list(_morning(store, dice))
        case "opening":
            steps = list(_opening(store, dice))
        case "burst":
            steps = list(_burst(store, chat_id, minutes, per_minute))
        case _:
            raise Impossible(f"没有这个剧本：{name}")
    now = store.now()
    store.run_many(
        "INSERT INTO step (due, action, arguments) VALUES (?, ?, ?)",
        [(now + wait, action, json.dumps(arguments, ensure_ascii=False)) for wait, action, arguments in steps],
    )
    return {"steps": len(steps), "seconds": max((wait for wait, _, _ in steps), default=0)}


def _groups(store: Store) -> list[str]:
    found = [row["chat_id"] for row in store.all("SELECT chat_id FROM chat WHERE dismissed = 0 ORDER BY id LIMIT 5")]
    if not found:
        raise Impossible("还没有群")
    return found


def _morning(store: Store, dice: random.Random) -> Iterator[Step]:
    """Ten minutes of a neighbourhood: talk, newcomers, one leaves, one changes her mind about the manager."""
    for chat_id in _groups(store):
        inside = [
            row["member"]
            for row in store.all("SELECT member FROM chat_member WHERE chat_id = ? AND type = 2 LIMIT 40", chat_id)
        ]
        for person in dice.sample(inside, min(6, len(inside))):
            yield dice.uniform(0, 600), "say", {"room": chat_id, "sender": person, "text": dice.choice(_TALK)}
        for _ in range(3):
            newcomer = people.create_contact(store)
            yield dice.uniform(0, 540), "join", {"chat_id": chat_id, "person": newcomer}
        if inside:
            yield dice.uniform(300, 600), "leave", {"chat_id": chat_id, "person": dice.choice(inside)}
    for way in (store.documents("contact_way") + store.documents("join_way"))[:10]:
        yield dice.uniform(0, 600), "scan", {"code": way["config_id"]}
    pair = store.one("SELECT userid, contact FROM follow ORDER BY id DESC LIMIT 1")
    if pair:
        yield 420.0, "part", {"userid": pair["userid"], "contact": pair["contact"], "by": "customer"}


def _opening(store: Store, dice: random.Random) -> Iterator[Step]:
    """A new shop from its hoardings to its first day: a manager, his groups, neighbours who scan, the rush."""
    number = store.count("opened", 0)
    userid = f"opening{number:02}"
    name = people.made_up_name(number * 17 + 3)
    department = people.create_department(store, name=f"新店{number}")
    people.hire(store, userid=userid, name=name, department=department)
    yield 5.0, "create_group", {"owner": userid, "name": f"新店{number}·开业福利1群"}
    for day in range(3):
        for _ in range(8):
            newcomer = people.create_contact(store)
            at = 10 + day * 60 + dice.uniform(0, 50)
            yield at, "befriend", {"userid": userid, "contact": newcomer, "add_way": 1, "state": "装修台"}
    for chat in _groups(store)[:1]:
        for _ in range(40):
            yield 200 + dice.uniform(0, 60), "join", {"chat_id": chat, "person": people.create_contact(store)}


def _burst(store: Store, chat_id: str, minutes: int, per_minute: int) -> Iterator[Step]:
    """A street campaign: so many joins a minute; a full group hands on to the next."""
    groups = [chat_id] if chat_id else _groups(store)
    for number in range(minutes * per_minute):
        person = people.create_contact(store)
        yield number * _MINUTE / per_minute, "join", {"chat_id": groups[number % len(groups)], "person": person}
