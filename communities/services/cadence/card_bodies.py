"""What a slot's template card says (wecom.md §3.13)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from communities.models import SlotCard
from communities.selectors import slots
from communities.selectors.slots import Person, Work

Body = dict[str, Any]
Kind = SlotCard.Kind
ESCALATE_AFTER = timedelta(minutes=45)
_NAMED = 3  # stores fit a line
_TITLES = {
    Kind.REMIND: "{hour} {name}，该发群了",
    Kind.SWITCHED: "{hour} {name}，请用一键发送",
    Kind.AGAIN: "{hour} {name}，还没有发完",
    Kind.URGE: "{hour} {name}，请尽快发送",
}


def card_bodies(cards: Sequence[SlotCard], *, at: datetime) -> dict[int, Body | None]:
    """What each card says as things are now; None where nothing is left to be said."""
    people = [Person(card.day, card.slot_id, card.userid) for card in cards if card.kind != Kind.ESCALATE]
    work = slots.work_of(people, at=at)
    return {
        card.pk: _escalation(card, at=at)
        if card.kind == Kind.ESCALATE
        else _reminder(card, work.get(Person(card.day, card.slot_id, card.userid)))
        for card in cards
    }


def _reminder(card: SlotCard, work: Work | None) -> Body | None:
    """Of a group-send WeCom itself tells the owner; only who is urged hears of it from us too."""
    by_tap = work.by_tap if work and card.kind == Kind.URGE else 0
    if work is None or not work.by_hand + by_tap:
        return None
    todo = [f"{work.by_hand} 个群待发"] if work.by_hand else []
    todo += [f"{by_tap} 个群待在群发助手确认"] if by_tap else []
    hour, closes = (f"{timezone.localtime(moment):%H:%M}" for moment in (work.due_at, work.closes_at))
    address = f"{settings.SITE_URL}/today/?day={card.day}&slot={card.slot_id}"
    return _card(
        card, title=_TITLES[Kind(card.kind)].format(hour=hour, name=card.slot.name),
        text=f"{'、'.join(todo)}，请在 {closes} 前发出", address=address,
        buttons=[("去发送", address), ("跳过", f"{address}&skip=1")],
    )  # fmt: skip


def _escalation(card: SlotCard, *, at: datetime) -> Body | None:
    late = slots.late_stores(lead=card.userid, day=card.day, slot_number=card.slot_id, at=at, since=ESCALATE_AFTER)
    if not late:
        return None
    address = f"{settings.SITE_URL}/execution/?day={card.day}&slot={card.slot_id}"
    return _card(
        card, title=f"{card.slot.name}：{len(late)} 家门店超过 45 分钟未发完",
        text="、".join(late[:_NAMED]) + ("等" if len(late) > _NAMED else ""), address=address,
        buttons=[("查看", address)],
    )  # fmt: skip


def _card(card: SlotCard, *, title: str, text: str, address: str, buttons: Sequence[tuple[str, str]]) -> Body:
    return {
        "card_type": "button_interaction",
        "main_title": {"title": title, "desc": text},
        "task_id": task_id(card),
        "card_action": {"type": 1, "url": address},
        "button_list": [
            {"type": 1, "text": word, "style": number, "key": f"b{number}", "url": url}
            for number, (word, url) in enumerate(buttons, start=1)
        ],
    }


def task_id(card: SlotCard) -> str:
    """The same for the same person, slot, reason and round; WeCom takes letters, digits and _@- only."""
    who = hashlib.sha256(card.userid.encode()).hexdigest()[:24]
    return f"slot-{card.day:%Y%m%d}-{card.slot_id}-{card.kind}-{card.round}-{who}"
