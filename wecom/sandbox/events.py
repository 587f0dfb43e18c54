"""Events on their way to the platform: queued with the change that causes them, faulted reproducibly."""

import random
from typing import Any

from wecom.sandbox import envelope
from wecom.sandbox.store import Store


def emit(store: Store, **fields: Any) -> None:
    """Queue an event of 客户联系 or 通讯录 (FromUserName is `sys`)."""
    announce(store, sender="sys", **fields)


def announce(store: Store, *, sender: str, **fields: Any) -> None:
    """Queue an event. What the faults do to it depends on their seed and its number alone."""
    now = store.now()
    common = {
        "ToUserName": store.setting("corp_id"),
        "FromUserName": sender,
        "CreateTime": int(now),
        "MsgType": "event",
    }
    kind = ".".join(str(fields[name]) for name in ("Event", "ChangeType") if name in fields)
    number = store.insert(
        "INSERT INTO event (at, kind, plaintext, lost) VALUES (?, ?, ?, 0)",
        int(now), kind, envelope.xml_of({**common, **fields}),
    )  # fmt: skip
    faults = store.setting("faults")
    dice = random.Random(f"{faults['seed']}:{number}")  # noqa: S311 -- reproducible on purpose
    lost, late, twice = (dice.random() < faults[name] for name in ("loss", "disorder", "duplicate"))
    due = now + faults["delay"] + (dice.random() * faults["spread"] if late else 0)
    if lost:
        store.run("UPDATE event SET lost = 1 WHERE id = ?", number)
        return
    for moment in [due, due + dice.random() * faults["spread"]] if twice else [due]:
        store.run("INSERT INTO delivery (event, due) VALUES (?, ?)", number, moment)
