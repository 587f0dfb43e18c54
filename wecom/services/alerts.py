"""Raise and clear what only a person can mend."""

from datetime import datetime

import structlog
from django.db import connection

from wecom.models import GatewayAlert

logger = structlog.get_logger(__name__)


def raise_alert(*, kind: str, subject: str, message: str, at: datetime) -> bool:
    """Open an alert, or count it on the open one. Returns whether it is new."""
    with connection.cursor() as cursor:
        # One statement: workers that meet the same fault together open one alert.
        cursor.execute(
            """
            INSERT INTO wecom_gatewayalert AS a (kind, subject, message, raised_at, last_seen_at, times)
            VALUES (%(kind)s, %(subject)s, %(message)s, %(at)s, %(at)s, 1)
            ON CONFLICT (kind, subject) WHERE cleared_at IS NULL
            DO UPDATE SET times = a.times + 1, last_seen_at = GREATEST(a.last_seen_at, excluded.last_seen_at)
            RETURNING times
            """,
            {"kind": kind[:32], "subject": subject[:128], "message": message, "at": at},
        )
        (times,) = cursor.fetchone()
    if times == 1:
        logger.error("wecom_alert", kind=kind, subject=subject, message=message)
    return bool(times == 1)


def clear_alerts(*, kind: str, subject: str | None = None, at: datetime) -> int:
    """Close the open alerts of a kind, of one subject or of all. Returns how many."""
    open_alerts = GatewayAlert.objects.filter(kind=kind, cleared_at=None)
    if subject is not None:
        open_alerts = open_alerts.filter(subject=subject[:128])
    return open_alerts.update(cleared_at=at)
