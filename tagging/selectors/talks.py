"""今日可聊 as the board shows it, and one member's script as her page explains it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from members.models import Consent, Member
from stores.models import Staff, Store
from tagging import ladder
from tagging.models import Talk
from tagging.restraint import is_quiet, reasons_to_wait
from tagging.selectors.conversing import people, wordings

_LEARNT_FROM = timedelta(days=60)
_HALF_SAID = 20.0  # how many answers it takes until a rung's own success outweighs the average


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about one member now: wait and why, or say this."""

    script: ladder.Script | None
    wait: list[str]
    best_at: str
    known: list[tuple[str, str]]
    is_quiet: bool


def advice_for(member: Member, *, at: datetime) -> Advice | None:
    """The script of one member in her home store; None where she has none."""
    if member.home_store is None:
        return None
    person = people(member.home_store, [member], at=at)[0]
    script = ladder.script_for(person.known, wordings())
    return Advice(script, reasons_to_wait(person.standing, at=at), person.best_at, person.known.because, is_quiet(at))


def talks_of(staff: Staff, *, at: datetime) -> list[Talk]:
    """A colleague's talks of the day, the open ones first; who said no since the night is left out."""
    rows = list(
        Talk.objects.filter(staff=staff, store=staff.store, day=timezone.localdate(at))
        .select_related("member", "product")
        .order_by("position")
    )
    gone = _opted_out(row.member_id for row in rows if row.state == Talk.State.OPEN)
    kept = [row for row in rows if row.state != Talk.State.OPEN or row.member_id not in gone]
    return sorted(kept, key=lambda row: row.state != Talk.State.OPEN)


def talks_by_colleague(store: Store, *, at: datetime) -> list[tuple[str, int, int]]:
    """For who may look but not act: each colleague's name, talks and answered ones today."""
    rows = Talk.objects.filter(store=store, day=timezone.localdate(at)).values_list("staff__name")
    answered = Count("pk", filter=~Q(state=Talk.State.OPEN))
    return [(name, total, done) for name, total, done in rows.annotate(n=Count("pk"), done=answered).order_by("staff")]


def rung_success(*, at: datetime) -> dict[int, float]:
    """How often each rung led to a talk or a sale (a sale counts double), drawn to the average where few answered."""
    rows = Talk.objects.filter(day__gt=timezone.localdate(at - _LEARNT_FROM)).exclude(state=Talk.State.OPEN)
    good, every = {rung.number: 0.0 for rung in ladder.LADDER}, {rung.number: 0 for rung in ladder.LADDER}
    worth = {Talk.State.TALKED: 0.5, Talk.State.SOLD: 1.0}
    for rung, state, count in rows.values_list("rung", "state").annotate(n=Count("pk")):
        every[rung] += count
        good[rung] += worth.get(Talk.State(state), 0.0) * count
    total = sum(every.values())
    average = sum(good.values()) / total if total else 0.5
    return {rung: (good[rung] + _HALF_SAID * average) / (every[rung] + _HALF_SAID) for rung in every}


def _opted_out(members: Iterable[int]) -> set[int]:
    newest = Consent.objects.filter(member__in=list(members), purpose=Consent.Purpose.MARKETING)
    rows = newest.order_by("member", "-at", "-pk").distinct("member").values_list("member", "decision")
    return {pk for pk, decision in rows if decision == Consent.Decision.WITHDRAWN}
