"""Celery entries of what is watched over: alerts, the morning's digest, goals, the league, cases."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from wecom.gateway import wecom


@shared_task(name="metrics.bulk_pass_alerts", ignore_result=True)
def bulk_pass_alerts(*, daily: bool = False) -> None:
    """Each hour what cannot wait; each morning, after the roll-up, the rest."""
    from metrics.services.alerting import passing

    at = timezone.now()
    passing.pass_hourly(at=at)
    if daily:
        passing.pass_daily(at=at)


@shared_task(name="metrics.send_digests", ignore_result=True)
def send_digests() -> None:
    """Write today's messages and send them; what WeCom does not take now, the next run sends."""
    from metrics.services import digesting

    digesting.write_digests(at=timezone.now())
    if settings.WECOM_CORP_ID and settings.WECOM_SECRET:
        digesting.send_digests(gateway=wecom(), clock=timezone.now)


@shared_task(name="metrics.bulk_count_goals", ignore_result=True)
def bulk_count_goals() -> None:
    """Each night, after the roll-up: goals for who has none yet, how far all are, and the league."""
    from metrics.goal_kinds import month_of
    from metrics.services import ranking_peers
    from metrics.services.goals import making, progress

    at = timezone.now()
    making.make_goals(month=month_of(timezone.localdate(at)), at=at)
    progress.count_progress(at=at)
    ranking_peers.rank_months(at=at)


@shared_task(name="metrics.bulk_find_cases", ignore_result=True)
def bulk_find_cases() -> None:
    """Each night, after the roll-up: what beat expectation becomes a draft, and copies get their figures."""
    from metrics.services.cases import finding

    finding.find_cases(at=timezone.now())


@shared_task(name="metrics.bulk_add_sample_watch", ignore_result=True)
def bulk_add_sample_watch() -> None:
    """In the demo, once its weeks are there: what is to be watched over in them."""
    from metrics.simulation.watching import add_sample_watch

    add_sample_watch(at=timezone.now())
