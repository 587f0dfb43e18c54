"""What time decides: overdue teams, and the walk through the orders of every decided one. Timers are rows.

A team is decided in a transaction of its own, and each of its orders afterwards in another: one order that cannot be
refunded keeps nobody else waiting, and a sweep that died goes on where it stopped.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.errors import CampaignRefusal
from campaigns.models import Campaign, GroupBuySeat, GroupBuyTeam, GroupBuyTerms, Order
from campaigns.services.cancelling import cancel_order
from campaigns.services.confirming import confirm
from campaigns.services.group_buy import teams

log = structlog.get_logger(__name__)

# A payment made in the last seconds may still be told; one made later never counts (`teams.pay_seat`).
NOTICE_GRACE = timedelta(minutes=1)
BATCH = 100
_OVER = (Campaign.State.ENDED, Campaign.State.SETTLED)
_UNSETTLED = (GroupBuySeat.State.RESERVED, GroupBuySeat.State.PAID)


def overdue_teams(at: datetime) -> QuerySet[GroupBuyTeam]:
    """Open teams whose time is over, or whose activity was ended or stopped before it."""
    stopped = Q(stock__item__campaign__killed_at__isnull=False) | Q(stock__item__campaign__state__in=_OVER)
    late = Q(expires_at__lte=at - NOTICE_GRACE)
    return GroupBuyTeam.objects.filter(late | stopped, state=GroupBuyTeam.State.OPEN).order_by("expires_at", "pk")


def sweep_teams(*, at: datetime) -> int:
    """Decide every overdue team and settle the orders of all decided ones, in small batches; how many were decided."""
    decided = 0
    while ids := list(overdue_teams(at).values_list("pk", flat=True)[:BATCH]):
        done = sum(decide_team(team_id=team_id, at=at) for team_id in ids)
        decided += done
        if not done:  # another sweep holds them
            break
    after = 0
    while ids := list(_teams_to_settle().filter(pk__gt=after).values_list("pk", flat=True)[:BATCH]):
        for team_id in ids:
            settle_team(team_id=team_id, at=at)
        after = ids[-1]
    return decided


@transaction.atomic
def decide_team(*, team_id: int, at: datetime) -> bool:
    """Let one overdue team succeed or expire; False where somebody else has, or is at it.

    Completed by the house (`GroupBuyTerms.completes_virtually_from`) means: at the end of its time at least so many
    seats are paid, refunded ones not among them, and the activity itself still stands. The missing seats are only
    a number (`virtual_seats`); no seat row, name or picture is ever made up for them.
    """
    overdue = overdue_teams(at).filter(pk=team_id)
    team = overdue.select_for_update(no_key=True, of=("self",), skip_locked=True).first()
    if team is None:
        return False
    terms = GroupBuyTerms.objects.select_related("campaign").get(campaign__items__stocks=team.stock_id)
    enough = terms.completes_virtually_from
    is_stopped = terms.campaign.killed_at is not None
    if enough is not None and team.paid_seats >= max(enough, 1) and not is_stopped:
        team.virtual_seats = team.size - team.paid_seats
        team.state = GroupBuyTeam.State.SUCCEEDED
    else:
        team.state = GroupBuyTeam.State.EXPIRED
    team.decided_at = at
    team.save(update_fields=["state", "virtual_seats", "decided_at"])
    return True


def settle_team(*, team_id: int, at: datetime) -> int:
    """Confirm, refund or release each order of a decided team, one transaction each; how many are left to retry."""
    team = GroupBuyTeam.objects.get(pk=team_id)
    if team.state == GroupBuyTeam.State.OPEN:
        return 0
    left = 0
    for seat in team.seats.filter(state__in=_UNSETTLED).select_related("order").order_by("order"):
        try:
            _settle(team, seat, at)
        except CampaignRefusal as refusal:
            left += 1
            log.warning("seat_not_settled", team=team.pk, order=seat.order_id, reason=str(refusal))
        except Exception:  # one seat's fault keeps no other from its decision; the next sweep tries again
            left += 1
            log.exception("seat_not_settled", team=team.pk, order=seat.order_id)
    return left


def _teams_to_settle() -> QuerySet[GroupBuyTeam]:
    waiting = GroupBuySeat.objects.filter(state__in=_UNSETTLED).exclude(team__state=GroupBuyTeam.State.OPEN)
    return GroupBuyTeam.objects.filter(pk__in=waiting.values("team")).order_by("pk")


@transaction.atomic
def _settle(team: GroupBuyTeam, seat: GroupBuySeat, at: datetime) -> None:
    order = Order.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=seat.order_id)
    seat.refresh_from_db()
    if seat.state not in _UNSETTLED:
        return
    if order.state != Order.State.RESERVED:  # stopped with its campaign: the money is on its way, the seat is not
        teams.leave(order=order, at=at)
    elif team.state == GroupBuyTeam.State.SUCCEEDED and seat.state == GroupBuySeat.State.PAID:
        confirm(order=order, at=at)
        seat.state = GroupBuySeat.State.CONFIRMED
        seat.save(update_fields=["state"])
    else:
        full = team.state == GroupBuyTeam.State.SUCCEEDED
        cancel_order(order=order, reason="这个团已经满员" if full else "拼团未成团", cause=f"team:{team.pk}", at=at)
