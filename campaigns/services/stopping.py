"""What a kill leaves behind, cleared within the minute: posts, queues, and whatever is held and not confirmed.

The switch itself is one committed moment (`launching.kill`): from it on nothing is claimed, and money that comes goes
back. The rest is a walk over rows, each in a transaction of its own, by a task and by the minute's sweep: a worker
that dies on the way, or a claim that was under way at that moment, is found by the next.
"""

from datetime import datetime

import structlog
from django.db.models import Exists, F, OuterRef

from campaigns.errors import CampaignRefusal
from campaigns.models import Board, Campaign, CampaignPost, GroupBuyTeam, Order, WaitEntry
from campaigns.services.cancelling import cancel_order
from campaigns.services.group_buy import deciding
from communities.services.planning.own_posts import withdraw_own_posts

REASON = "活动已停止"

log = structlog.get_logger(__name__)


def stopped_campaigns(*, limit: int) -> list[int]:
    """Campaigns that were killed and still hold, promise or post something."""
    held = Order.objects.filter(campaign=OuterRef("pk"), state=Order.State.RESERVED)
    queued = WaitEntry.objects.filter(stock__item__campaign=OuterRef("pk"), state=WaitEntry.State.WAITING)
    posts = CampaignPost.objects.filter(campaign=OuterRef("pk"), withdrawn_at=None)
    found = Campaign.objects.filter(Exists(held) | Exists(queued) | Exists(posts), killed_at__isnull=False)
    return list(found.order_by("killed_at").values_list("pk", flat=True)[:limit])


def clear_stopped(*, campaign_id: int, at: datetime) -> int:
    """Withdraw, release and refund all a killed campaign still has; how many orders could not be ended now.

    Confirmed orders stand. Repeated, or at the same time elsewhere, it changes nothing twice.
    """
    campaign = Campaign.objects.filter(pk=campaign_id, killed_at__isnull=False).first()
    if campaign is None:
        return 0
    _withdraw_posts(campaign, at)
    WaitEntry.objects.filter(stock__item__campaign=campaign, state=WaitEntry.State.WAITING).update(
        state=WaitEntry.State.LAPSED
    )
    teams = GroupBuyTeam.objects.filter(stock__item__campaign=campaign)
    for team_id in teams.exclude(state=GroupBuyTeam.State.OPEN).values_list("pk", flat=True):
        deciding.settle_team(team_id=team_id, at=at)  # one that has formed keeps its goods
    left = _end_orders(campaign, at)
    for team_id in teams.filter(state=GroupBuyTeam.State.OPEN).values_list("pk", flat=True):
        deciding.decide_team(team_id=team_id, at=at)  # nobody is left in it
    Board.objects.filter(campaign=campaign).update(version=F("version") + 1)  # the queue is gone from the live list
    return left


def _end_orders(campaign: Campaign, at: datetime) -> int:
    left = 0
    for order in Order.objects.filter(campaign=campaign, state=Order.State.RESERVED).order_by("pk"):
        try:
            cancel_order(order=order, reason=REASON, cause="killed", at=at)
        except CampaignRefusal:  # paid or lapsed in this very moment
            continue
        except Exception:  # a stopped campaign must let go of all the others; the next sweep tries again
            left += 1
            log.exception("stopped_order_not_ended", campaign=campaign.pk, order=order.pk)
    return left


def _withdraw_posts(campaign: Campaign, at: datetime) -> None:
    posts = CampaignPost.objects.filter(campaign=campaign, withdrawn_at=None)
    materials = list(posts.values_list("material", flat=True))
    if materials:
        withdraw_own_posts(material_ids=materials, note=REASON, at=at)
        posts.filter(material__in=materials).update(withdrawn_at=at)
