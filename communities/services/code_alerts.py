"""Raise and clear what is wrong with a code, without flapping."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from communities.models import CodeAlert, EntryCode

Cause = CodeAlert.Cause
_GUESSES = {Cause.SILENT, Cause.NO_JOINS}  # the rest are facts
HITS = 2  # checks in a row before a guess is raised
MISSES = 2  # checks in a row before an alert is cleared


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what mends it, both in Chinese."""

    cause: CodeAlert.Cause
    message: str
    fix: str


def settle(*, code: EntryCode, findings: Sequence[Finding], at: datetime) -> list[CodeAlert]:
    """Bring a code's alerts in line with a check. Returns those that are raised by it."""
    raised = [alert for finding in findings if (alert := _seen(code, finding, at))]
    gone = CodeAlert.objects.filter(code=code, cleared_at=None).exclude(cause__in=[one.cause for one in findings])
    gone.filter(raised_at=None).delete()  # a guess that did not come true
    for alert in gone:
        alert.misses += 1
        alert.hits = 0
        alert.cleared_at = at if alert.misses >= MISSES else None
        alert.save(update_fields=["misses", "hits", "cleared_at"])
    return raised


def _seen(code: EntryCode, finding: Finding, at: datetime) -> CodeAlert | None:
    """The alert, if this sight of it raises it."""
    words = {"message": finding.message, "fix": finding.fix}
    alert, is_new = CodeAlert.objects.get_or_create(
        code=code, cause=finding.cause, cleared_at=None,
        defaults=words | {"seen_at": at, "raised_at": None if finding.cause in _GUESSES else at},
    )  # fmt: skip
    if is_new:
        return alert if alert.raised_at else None
    was_raised = alert.raised_at is not None
    alert.message, alert.fix, alert.seen_at, alert.misses = finding.message, finding.fix, at, 0
    alert.hits = min(alert.hits + 1, 1_000)
    if not was_raised and alert.hits >= HITS:
        alert.raised_at = at
    alert.save(update_fields=["message", "fix", "seen_at", "misses", "hits", "raised_at"])
    return alert if alert.raised_at and not was_raised else None
