"""Full readings of WeCom that survive their worker: begin or resume, advance page by page, note drift, finish.

What a page brought is stored in the same transaction as the position behind it, so a finished page is neither lost
nor read again. One worker holds a run at a time: each step is conditional on still being its holder.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from wecom.models import Drift, SyncRun
from wecom.redaction import redact

LEASE = timedelta(minutes=3)  # a call waits 90 seconds for its turn at most; a dead worker's run is free after this
NAMED = 500  # of each kind of drift; beyond it only the number grows


class SyncBusy(Exception):
    """Another worker is at it."""


class SyncLost(Exception):
    """Another worker took the run over: its holder was silent for too long."""


def open_run(*, kind: str, at: datetime) -> SyncRun:
    """The unfinished run of a kind, to be gone on with, or a new one.

    :raises SyncBusy: another worker holds it
    """
    holder = uuid.uuid4()
    lease = {"holder": holder, "leased_until": at + LEASE}
    taken = SyncRun.objects.filter(kind=kind, finished_at=None, leased_until__lte=at).update(**lease)
    if taken:
        return SyncRun.objects.get(kind=kind, finished_at=None)
    is_first = not SyncRun.objects.filter(kind=kind, finished_at__isnull=False).exists()
    try:
        with transaction.atomic():
            return SyncRun.objects.create(kind=kind, started_at=at, is_first=is_first, **lease)
    except IntegrityError:
        raise SyncBusy(kind) from None


def advance(run: SyncRun, *, position: dict[str, Any], at: datetime, plan: dict[str, Any] | None = None) -> None:
    """Store how far the run is, and the calls made so far; call it in the transaction that stores the page.

    :raises SyncLost: another worker has taken the run over; what this transaction wrote must go with it
    """
    # The plan may be long and seldom changes: unless given, it is not written again.
    fields: dict[str, Any] = {"position": position, "calls": run.calls, "leased_until": at + LEASE}
    if plan is not None:
        fields["plan"] = run.plan = plan
    held = SyncRun.objects.filter(pk=run.pk, holder=run.holder, finished_at=None)
    if not held.update(**fields):
        raise SyncLost(run.kind)
    run.position = position


def note_drift(run: SyncRun, *, kind: str, rows: Iterable[int | str]) -> None:
    """Add what differed from WeCom and was repaired: the keys of the rows that were, the first `NAMED` to be named.

    In a first reading everything is new, which is no drift.
    """
    found = [] if run.is_first else list(rows)
    if not found:
        return
    drift, _ = Drift.objects.get_or_create(run=run, kind=kind)
    changes: dict[str, Any] = {"count": F("count") + len(found)}
    if len(drift.rows) < NAMED:
        changes["rows"] = [*drift.rows, *found][:NAMED]
    Drift.objects.filter(pk=drift.pk).update(**changes)


def finish(run: SyncRun, *, at: datetime) -> None:
    """The last page is applied. :raises SyncLost: as `advance`"""
    held = SyncRun.objects.filter(pk=run.pk, holder=run.holder, finished_at=None)
    if not held.update(finished_at=at, calls=run.calls, error="", plan={}):
        raise SyncLost(run.kind)
    run.finished_at = at


def give_up(run: SyncRun, *, error: str, at: datetime) -> None:
    """Let go of a run that cannot go on now; the next worker resumes it at once."""
    held = SyncRun.objects.filter(pk=run.pk, holder=run.holder, finished_at=None)
    held.update(leased_until=at, error=redact(error)[:500], calls=run.calls)


@contextmanager
def running(*, kind: str, clock: Callable[[], datetime]) -> Iterator[SyncRun]:
    """One reading from its opening to its end: finished if the block ends, given up with the reason if it raises.

    :raises SyncBusy: another worker is at it
    """
    run = open_run(kind=kind, at=clock())
    try:
        yield run
    except Exception as error:
        give_up(run, error=str(error), at=clock())
        raise
    finish(run, at=clock())
