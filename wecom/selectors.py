"""What an operations page shows of the gateway."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet

from wecom.models import CallbackJob, GatewayAlert


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
