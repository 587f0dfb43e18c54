"""今日可聊: choosing whom each colleague may talk to today, and writing down what came of it."""

import math
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from members.models import Contact, Member
from stores.models import Staff, Store
from tagging import ladder
from tagging.models import Talk, Touch
from tagging.restraint import reasons_to_wait
from tagging.selectors.conversing import Person, people, wordings
from tagging.selectors.talks import rung_success
from tagging.services.touching import record_touch

PER_COLLEAGUE = 10
_CHUNK = 500
_KEPT = timedelta(days=180)


class TalkClosed(Exception):
    """The talk is another day's, and can no longer be answered."""


def plan_talks(*, store: Store, at: datetime) -> int:
    """Choose the day's talks of a store, at most ten a colleague, and say how many; safe to repeat.

    Talks answered today stay as they are, and count.
    """
    day = timezone.localdate(at)
    wanted = _befriended(store)
    members = list(Member.objects.filter(pk__in=wanted, merged_into=None, home_store=store).order_by("pk"))
    texts, success = wordings(), rung_success(at=at)
    chosen: dict[int, list[Talk]] = defaultdict(list)
    # The day's end of quiet hours is what matters to the rules, so noon stands for the day.
    noon = timezone.localtime(at).replace(hour=12, minute=0, second=0, microsecond=0)
    for start in range(0, len(members), _CHUNK):
        for person in people(store, members[start : start + _CHUNK], at=at):
            script = ladder.script_for(person.known, texts)
            if script is None or reasons_to_wait(person.standing, at=noon):
                continue
            staff = wanted[person.member.pk]
            chosen[staff].append(_talk(person, script, store=store, staff=staff, at=at, success=success))
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(pk=store.pk)  # two planners of a store take turns
        today = Talk.objects.filter(store=store, day=day)
        today.filter(state=Talk.State.OPEN).delete()
        taken, used = set(), defaultdict[int, int](int)
        for member, staff in today.values_list("member", "staff"):
            taken.add(member)
            used[staff] += 1
        rows = []
        for staff, talks in chosen.items():
            talks.sort(key=lambda talk: (-talk.score, talk.member_id))
            free = [talk for talk in talks if talk.member_id not in taken][: PER_COLLEAGUE - used[staff]]
            for position, talk in enumerate(free):
                talk.position = position
            rows += free
        # A member of another store's list today, by a merge or a move, stays there.
        Talk.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _befriended(store: Store) -> dict[int, int]:
    """Member → the colleague who has known her longest, of those who can reach her."""
    rows = Contact.objects.filter(
        Q(lost_at=None), staff__store=store, staff__is_active=True, ended_at=None, member__home_store=store
    ).order_by("-added_at", "-pk")
    return dict(rows.values_list("member", "staff"))


def _talk(
    person: Person, script: ladder.Script, *, store: Store, staff: int, at: datetime, success: dict[int, float]
) -> Talk:
    return Talk(
        store=store, staff_id=staff, member=person.member, day=timezone.localdate(at), position=0,
        rung=script.rung.number, text=script.text, facts=[list(one) for one in script.used], ask=script.ask,
        product_id=person.product.product_id if person.product else None, best_at=person.best_at,
        score=score_of(person, script, at=at, success=success),
    )  # fmt: skip


def score_of(person: Person, script: ladder.Script, *, at: datetime, success: dict[int, float]) -> float:
    """How much a talk today is worth: what her rung achieves, whether she is due, what she spends, how she answered."""
    rung = script.rung.number / ladder.RUNGS + 2 * success[script.rung.number]
    due = 0.0
    if person.gap_days and person.last_at is not None:
        overdue = (at - person.last_at).total_seconds() / 86_400 / max(person.gap_days, 1.0)
        due = math.exp(-(math.log(max(overdue, 0.05)) ** 2))  # highest on the day she is due
    spends = math.log10(max(person.spent_fen, 0) / 1_000 + 1) / 4
    answers = 0.6 * person.outcomes[Talk.State.SOLD] + 0.2 * person.outcomes[Talk.State.TALKED]
    answers -= 1.0 * person.outcomes[Talk.State.REFUSED] + 0.1 * person.outcomes[Talk.State.LATER]
    return rung + due + spends + max(-2.0, min(answers, 1.2))


@transaction.atomic
def answer_talk(*, talk: Talk, state: str, by: Staff, at: datetime) -> Talk:
    """Write down what came of a talk; the last tap of the day holds. Whoever was talked to was touched.

    :raises TalkClosed: the talk is of another day
    :raises ValueError: no such outcome
    """
    wanted = Talk.State(state)
    if talk.day != timezone.localdate(at):
        raise TalkClosed
    row = Talk.objects.select_for_update().get(pk=talk.pk)
    row.state, row.answered_at = wanted, None if wanted == Talk.State.OPEN else at
    row.save(update_fields=["state", "answered_at"])
    key = f"talk:{row.pk}"
    if wanted in {Talk.State.TALKED, Talk.State.SOLD, Talk.State.REFUSED}:
        record_touch(
            member_id=row.member_id, store_id=row.store_id, staff=by, channel=Touch.Channel.CHAT, key=key, at=at
        )
    else:
        Touch.objects.filter(key=key).delete()  # a mistaken tap, taken back
    return row


def forget_old_talks(*, at: datetime) -> int:
    """Delete talks older than half a year, and return how many."""
    return Talk.objects.filter(day__lt=timezone.localdate(at - _KEPT)).delete()[0]
