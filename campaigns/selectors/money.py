"""What HQ looks after: refunds that do not go through, and differences between our ledger and the providers' bills."""

from datetime import date, datetime

from django.db.models import Count, QuerySet

from campaigns.models import BillDifference, Refund

ALARM_AFTER = 5  # tries: from then on it is late


def stuck_refunds() -> QuerySet[Refund]:
    """A person must look at these, the longest waiting first."""
    return _with_orders(Refund.objects.filter(state=Refund.State.STUCK)).order_by("decided_at", "pk")


def delayed_refunds() -> QuerySet[Refund]:
    """Still tried, and for long: nobody has to do anything yet."""
    open_states = (Refund.State.PENDING, Refund.State.SENT)
    late = Refund.objects.filter(state__in=open_states, tries__gte=ALARM_AFTER)
    return _with_orders(late).order_by("decided_at", "pk")


def refunds_by_hand(*, since: datetime) -> QuerySet[Refund]:
    """What was paid back by hand and confirmed, the newest first."""
    done = Refund.objects.filter(by_hand__confirmed_at__gte=since)
    return _with_orders(done).order_by("-by_hand__confirmed_at", "-pk")


def differences(*, settled: bool, day: date | None = None) -> QuerySet[BillDifference]:
    """Differences open or settled, of one day or all, the newest day first."""
    rows = BillDifference.objects.filter(settled_at__isnull=not settled).select_related("settled_by")
    if day is not None:
        rows = rows.filter(day=day)
    return rows.order_by("-day", "provider", "number")


def days_with_differences() -> list[tuple[date, int]]:
    """Days on which something is open, and how many, the newest first."""
    rows = BillDifference.objects.filter(settled_at=None).values_list("day").annotate(Count("pk")).order_by("-day")
    return list(rows)


def open_worries() -> dict[str, int]:
    """How many refunds wait for a person, and how many differences are open."""
    return {
        "refunds": Refund.objects.filter(state=Refund.State.STUCK).count(),
        "differences": BillDifference.objects.filter(settled_at=None).count(),
    }


def _with_orders(refunds: QuerySet[Refund]) -> QuerySet[Refund]:
    return refunds.select_related(
        "payment__order__store", "payment__order__member", "payment__order__campaign", "by_hand__said_by",
        "by_hand__confirmed_by",
    )  # fmt: skip
