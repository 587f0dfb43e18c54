"""What an operations page shows of the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Prefetch, Q, QuerySet

from wecom.models import CallbackJob, Drift, GatewayAlert, SyncRun


@dataclass(frozen=True, slots=True)
class InboxState:
    waiting: int
    running: int
    dead: int
    oldest_due_at: datetime | None  # of what should already have run


def inbox_state(*, at: datetime) -> InboxState:
    """How much work waits, runs and is parked, and since when the most overdue job waits."""
    state = CallbackJob.State
    found = CallbackJob.objects.exclude(state=state.DONE).aggregate(
        waiting=Count("pk", filter=Q(state=state.WAITING)),
        running=Count("pk", filter=Q(state=state.RUNNING)),
        dead=Count("pk", filter=Q(state=state.DEAD)),
        oldest_due_at=Min("due_at", filter=Q(state__in=[state.WAITING, state.RUNNING], due_at__lte=at)),
    )
    return InboxState(**found)


def dead_letters() -> QuerySet[CallbackJob]:
    """Parked work with its event, the newest first."""
    return CallbackJob.objects.dead().select_related("event").order_by("-pk")


def open_alerts() -> QuerySet[GatewayAlert]:
    """What waits for a person, the most recently seen first."""
    return GatewayAlert.objects.filter(cleared_at=None).order_by("-last_seen_at")


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The newest finished reading of a kind, and the unfinished one if there is one."""

    kind: str
    finished: SyncRun | None
    unfinished: SyncRun | None
    drifts: list[Drift]

    @property
    def drift(self) -> int:
        """How many rows the finished reading repaired; a first reading has none, since everything is new then."""
        return 0 if self.finished is None or self.finished.is_first else sum(one.count for one in self.drifts)


def latest_drift(kinds: Sequence[str] = ("staff", "tags", "contacts", "groups")) -> list[SyncReport]:
    """What the last full readings found different from WeCom and repaired, one report per kind."""
    newest = (
        SyncRun.objects.filter(kind__in=kinds, finished_at__isnull=False)
        .order_by("kind", "-started_at").distinct("kind")
        .prefetch_related(Prefetch("drifts", queryset=Drift.objects.order_by("-count")))
    )  # fmt: skip
    finished = {run.kind: run for run in newest.defer("plan")}
    unfinished = {run.kind: run for run in SyncRun.objects.filter(kind__in=kinds, finished_at=None).defer("plan")}
    return [
        SyncReport(
            kind=kind, finished=finished.get(kind), unfinished=unfinished.get(kind),
            drifts=list(finished[kind].drifts.all()) if kind in finished else [],
        )
        for kind in kinds
    ]  # fmt: skip
