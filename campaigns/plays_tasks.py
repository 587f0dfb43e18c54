"""What the plays do by the clock, and what they do as soon as a team is decided."""

from celery import shared_task
from django.utils import timezone


@shared_task(name="campaigns.sweep_teams")
def sweep_teams() -> None:
    """Decide overdue teams and settle the orders of decided ones."""
    from campaigns.services.group_buy import deciding

    deciding.sweep_teams(at=timezone.now())


@shared_task(name="campaigns.fast_settle_team")
def settle_team(*, team_id: int) -> None:
    """Walk through the orders of a team that has just been decided."""
    from campaigns.services.group_buy import deciding

    deciding.settle_team(team_id=team_id, at=timezone.now())


@shared_task(name="campaigns.sweep_referrals")
def sweep_referrals() -> None:
    """Pay back referrals whose time has come."""
    from campaigns.services.one_yuan import referrals

    referrals.settle_referrals(at=timezone.now())
