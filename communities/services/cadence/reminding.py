"""Template cards about a slot: the first reminder, a second after 15 minutes, the region's lead after 45.

A card is a row first and a message later; its `task_id` makes a repetition harmless (42014). WeCom drops what exceeds
30 messages a minute and person without a word, so we stay below it ourselves.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max, QuerySet

from communities.models import SlotCard
from communities.selectors import slots
from communities.services.cadence.card_bodies import ESCALATE_AFTER, card_bodies
from communities.services.cadence.recipients import leads_of, managers_of
from communities.services.cadence.timing import is_quiet
from stores.models import Staff
from wecom.client.errors import WeComError, WeComRefused
from wecom.client.messages import Receipt
from wecom.gateway import WeCom

AGAIN_AFTER = timedelta(minutes=15)
A_MINUTE = 30  # messages a person (wecom.md §3.13)
_LEASE = timedelta(minutes=5)
_RETRY = timedelta(seconds=30)
_BATCH = 64
_PARALLEL = 8  # the limiter's places
_ERROR = 200
Kind, State = SlotCard.Kind, SlotCard.State
_CLAIM = """
    UPDATE communities_slotcard SET leased_until = %(until)s
    WHERE id IN (
        SELECT c.id FROM communities_slotcard c
        WHERE c.state = 'pending' AND (c.leased_until IS NULL OR c.leased_until <= %(at)s)
          AND (SELECT count(*) FROM communities_slotcard d
               WHERE d.userid = c.userid AND d.sent_at > %(minute_ago)s) < %(most)s
        ORDER BY c.asked_at, c.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING id
"""


def ask_cards(
    people: Iterable[tuple[date, int, str]], *, kind: SlotCard.Kind, at: datetime, by: Staff | None = None
) -> int:
    """Write down a card for each (day, slot number, UserID); `tasks.send_cards` sends it. Returns how many are new.

    The clock asks once per person, slot and kind; each time somebody asks (`by`), it is a further round.
    """
    wanted = sorted({one for one in people if one[2]})
    known = SlotCard.objects.filter(
        kind=kind, day__in={one[0] for one in wanted}, userid__in={one[2] for one in wanted}
    )
    last = {(day, slot, userid): last for day, slot, userid, last in _rounds(known)}
    if by is None:
        wanted = [one for one in wanted if one not in last]
    cards = [
        SlotCard(
            day=day, slot_id=slot, userid=userid, kind=kind, round=last.get((day, slot, userid), -1) + 1, asked_by=by,
            asked_at=at,
        )
        for day, slot, userid in wanted
    ]  # fmt: skip
    before = known.count()
    SlotCard.objects.bulk_create(cards, ignore_conflicts=True)
    return known.count() - before


def _rounds(known: QuerySet[SlotCard]) -> Iterable[tuple[date, int, str, int]]:
    return known.values_list("day", "slot_id", "userid").annotate(Max("round"))


def ask_due_cards(*, at: datetime) -> int:
    """The cards the clock asks for: owners whose slot began 15 minutes ago, leads of stores late by 45."""
    if is_quiet(at):
        return 0
    late = slots.late_posts(at=at, since=AGAIN_AFTER)
    managers = managers_of({row.store_id for row in late if not row.owner_userid})
    owners = {
        (row.day, row.slot_id, row.owner_userid or managers.get(row.store_id, "")) for row in late if row.is_assisted
    }
    very_late = [row for row in late if row.due_at <= at - ESCALATE_AFTER]
    leads = leads_of({row.store_id for row in very_late})
    above = {(row.day, row.slot_id, lead) for row in very_late for lead in leads.get(row.store_id, [])}
    return ask_cards(owners, kind=Kind.AGAIN, at=at) + ask_cards(above, kind=Kind.ESCALATE, at=at)


def send_cards(
    *, gateway: WeCom, clock: Callable[[], datetime], until: datetime | None = None
) -> dict[SlotCard.State, int]:
    """Send the cards that wait until nothing is left, WeCom is not to be had, or `until`. Returns how many became what;
    those still pending are sent by the next run.
    """
    tally = dict.fromkeys(State, 0)
    while not tally[State.PENDING] and (until is None or clock() < until) and not is_quiet(clock()):
        at = clock()
        with connection.cursor() as cursor:
            minute_ago = at - timedelta(minutes=1)
            given: dict[str, Any] = {
                "at": at,
                "until": at + _LEASE,
                "minute_ago": minute_ago,
                "most": A_MINUTE,
                "limit": _BATCH,
            }
            cursor.execute(_CLAIM, given)
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            break
        cards = SlotCard.objects.filter(pk__in=ids).select_related("slot").order_by("asked_at", "pk")
        for state in send(cards, gateway=gateway, at=at):
            tally[state] += 1
    return tally


def send(cards: Iterable[SlotCard], *, gateway: WeCom, at: datetime) -> list[SlotCard.State]:
    """Send these cards, in parallel; a repetition is a no-op at WeCom. Returns what became of each."""
    cards = list(cards)
    bodies = card_bodies(cards, at=at)

    def ask(card: SlotCard) -> Receipt | WeComError | None:
        body = bodies[card.pk]
        try:
            return None if body is None else gateway.messages.send_card(to=[card.userid], card=body)
        except WeComError as error:
            return error
        finally:
            connection.close()  # of this thread: an alert may have opened one

    with ThreadPoolExecutor(_PARALLEL) as pool:
        outcomes = list(pool.map(ask, cards))
    states = [_note(card, outcome, at=at) for card, outcome in zip(cards, outcomes, strict=True)]
    reached = [card.pk for card, state in zip(cards, states, strict=True) if state == State.SENT]
    SlotCard.objects.filter(pk__in=reached, state=State.PENDING).update(
        state=State.SENT, sent_at=at, leased_until=None, error=""
    )
    return states


def _note(card: SlotCard, outcome: Receipt | WeComError | None, *, at: datetime) -> SlotCard.State:
    match outcome:
        case None:  # there is nothing left to remind of
            return _become(card, State.DROPPED)
        case Receipt() if card.userid.lower() in {*outcome.invalid, *outcome.unlicensed}:
            return _unreachable(card, "收件人不在应用可见范围或没有接口许可", at=at)
        case Receipt():
            return State.SENT  # written with all of its batch
        case WeComRefused() if outcome.lasting:
            return _unreachable(card, f"{outcome.meaning}（{outcome.code}）", at=at)
    # Not now. An answer that was lost is asked for again: the task_id lets it through once.
    wait = max(_RETRY, timedelta(seconds=outcome.retry_after))
    SlotCard.objects.filter(pk=card.pk).update(leased_until=at + wait, error=str(outcome)[:_ERROR])
    return State.PENDING


def _unreachable(card: SlotCard, reason: str, *, at: datetime) -> SlotCard.State:
    """An owner WeCom does not reach has a store, and that a manager: who is told instead, once."""
    if card.kind != Kind.ESCALATE:
        stores = slots.stores_of(userid=card.userid, day=card.day, slot_number=card.slot_id)
        instead = {userid for userid in managers_of(stores).values() if userid != card.userid}
        ask_cards(((card.day, card.slot_id, userid) for userid in instead), kind=Kind.SWITCHED, at=at)
    return _become(card, State.REFUSED, error=reason[:_ERROR])


def _become(card: SlotCard, state: SlotCard.State, **facts: object) -> SlotCard.State:
    SlotCard.objects.filter(pk=card.pk, state=State.PENDING).update(state=state, leased_until=None, **facts)
    return state
