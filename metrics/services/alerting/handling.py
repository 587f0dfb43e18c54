"""What people do about an alert: take it, let go of it, say how it ended."""

from datetime import datetime

from metrics.models import Alert
from stores.models import Staff
from stores.services.auditing import audit


class AlertRefused(Exception):
    """What cannot be done with the alert; the message says why, to whoever tried."""


def take_alert(*, alert: Alert, by: Staff, at: datetime) -> Alert:
    """认领: from now on it is this person's. Taking it twice changes nothing.

    :raises AlertRefused: somebody else has it, or it is over
    """
    taken = Alert.objects.open().filter(pk=alert.pk, taken_by=None).update(taken_by=by, taken_at=at)
    alert.refresh_from_db()
    if taken or (alert.taken_by_id == by.pk and alert.cleared_at is None):
        return alert
    if alert.cleared_at is not None or alert.taken_by is None:
        raise AlertRefused("这条告警已经结束")
    raise AlertRefused(f"{alert.taken_by.name} 已经认领了")


def release_alert(*, alert: Alert, by: Staff) -> Alert:
    """Let go of what one has taken, so that others may. :raises AlertRefused: it is somebody else's, or nobody's"""
    if not Alert.objects.open().filter(pk=alert.pk, taken_by=by).update(taken_by=None, taken_at=None):
        raise AlertRefused("只能放下自己认领的告警")
    alert.refresh_from_db()
    return alert


def resolve_alert(*, alert: Alert, note: str, by: Staff, at: datetime) -> Alert:
    """Say that it is dealt with, and how. It is raised again only by new looks, not before tomorrow.

    :raises AlertRefused: without a word on how, or it is over
    """
    note = " ".join(note.split())
    if not note:
        raise AlertRefused("请写一句怎么处理的")
    most = 200
    if len(note) > most:
        raise AlertRefused(f"处理说明最多 {most} 字")
    done = Alert.objects.open().filter(pk=alert.pk).update(
        cleared_at=at, ending=Alert.Ending.RESOLVED, resolved_by=by, note=note
    )  # fmt: skip
    if not done:
        raise AlertRefused("这条告警已经结束")
    alert.refresh_from_db()
    audit(actor=by, action="alert.resolved", at=at, target=str(alert.pk), store=alert.store, detail={"note": note})
    return alert
