"""What a campaign gives away, against what it may: the budget's stop is a condition of the update itself."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest

from campaigns.errors import CampaignClosed
from campaigns.models import Campaign


def conceded(lines: Iterable[tuple[int | None, int, int]]) -> int:
    """What goods cost less than listed, in fen; each line is (listed price or None, price, quantity)."""
    return sum(max(listed - price, 0) * quantity for listed, price, quantity in lines if listed is not None)


def spend(*, campaign: Campaign, amount_fen: int) -> None:
    """Take from the budget; within the caller's transaction, before any goods are locked.

    A campaign without a budget only counts. :raises CampaignClosed: it does not suffice
    """
    if not amount_fen:
        return  # the row is every claim's; leave it alone where nothing changes
    fits = Campaign.objects.filter(
        Q(budget_fen=None) | Q(budget_fen__gte=F("spent_fen") + amount_fen), pk=campaign.pk
    )  # fmt: skip
    if not fits.update(spent_fen=F("spent_fen") + amount_fen):
        raise CampaignClosed("活动优惠已经派完了")


def give_back(*, campaign: Campaign, amount_fen: int) -> None:
    """Return what an order that came to nothing had taken."""
    if amount_fen:
        Campaign.objects.filter(pk=campaign.pk).update(spent_fen=Greatest(F("spent_fen") - amount_fen, 0))


def freeze(*, campaign: Campaign, at: datetime) -> None:
    """Let price and limits stand from the first claim on. Who changes them locks the same row first."""
    Campaign.objects.filter(pk=campaign.pk).update(frozen_at=Coalesce("frozen_at", at))
