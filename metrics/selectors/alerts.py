"""Reads of alerts: what is wrong in the stores somebody sees, the latest first."""

from typing import Any

from django.db.models import Count, F, QuerySet

from metrics.models import Alert, AlertRule
from metrics.models.alerts import AlertQuerySet
from stores.models import Staff, Store
from stores.selectors import stores_for

OPEN, UNTAKEN, MINE, OVER = "open", "untaken", "mine", "over"
VIEWS = {OPEN: "待处理", UNTAKEN: "没人认领", MINE: "我认领的", OVER: "已结束"}


def open_alerts(stores: QuerySet[Store], limit: int) -> list[Alert]:
    """The latest alerts that stand in these stores, those nobody has taken first."""
    rows = Alert.objects.open().filter(store__in=stores).select_related("store", "taken_by")
    return list(rows.order_by(F("taken_at").asc(nulls_first=True), "-raised_at", "-pk")[:limit])


def alerts_for(user: Staff) -> AlertQuerySet:
    """The alerts a person may see and deal with: those of her stores; guides have none."""
    if user.role == Staff.Role.GUIDE:
        return Alert.objects.none()
    return Alert.objects.filter(raised_at__isnull=False, store__in=stores_for(user))


def alert_rows(user: Staff, *, shown: str, kind: str = "", text: str = "") -> QuerySet[Alert]:
    """Alerts as the list shows them; an unknown wish falls back to those that stand."""
    rows = alerts_for(user)
    match shown:
        case "over":
            rows = rows.filter(cleared_at__isnull=False)
        case "mine":
            rows = rows.open().filter(taken_by=user)
        case "untaken":
            rows = rows.open().filter(taken_by=None)
        case _:
            rows = rows.open()
    if kind in AlertRule.Kind.values:
        rows = rows.filter(kind=kind)
    if wanted := text.strip():
        rows = rows.filter(store__name__icontains=wanted) | rows.filter(store__code__iexact=wanted)
    rows = rows.select_related("store", "taken_by", "resolved_by")
    return rows.order_by(*(("-cleared_at", "-pk") if shown == OVER else ("-raised_at", "-pk")))


def counts_by_kind(user: Staff) -> list[dict[str, Any]]:
    """How many alerts stand of each kind, for the tiles above the list; one query."""
    found = dict(alerts_for(user).open().order_by().values_list("kind").annotate(Count("pk")))
    return [{"kind": kind.value, "label": kind.label, "count": found.get(kind.value, 0)} for kind in AlertRule.Kind]
