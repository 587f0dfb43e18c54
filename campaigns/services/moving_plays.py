"""When two members become one: first orders, seats and teams follow; what both have stays where it was."""

from campaigns.models import FirstOrder, GroupBuySeat, GroupBuyTeam
from members.models import Member

_LIVE = (GroupBuySeat.State.RESERVED, GroupBuySeat.State.PAID, GroupBuySeat.State.CONFIRMED)


def move_plays(*, kept: Member, absorbed: Member) -> int:
    """Give the kept member what the absorbed one had.

    Two live first orders, or two live seats in one team, cannot be one person's: the absorbed member's stays hers, and
    her traces go on refusing a third.
    """
    firsts = FirstOrder.objects.filter(member=absorbed)
    if FirstOrder.objects.filter(member=kept, released_at=None).exists():
        firsts = firsts.exclude(released_at=None)
    mine = GroupBuySeat.objects.filter(member=kept, state__in=_LIVE).values("team")
    seats = GroupBuySeat.objects.filter(member=absorbed).exclude(team__in=mine, state__in=_LIVE)
    moved = firsts.update(member=kept) + seats.update(member=kept)
    return moved + GroupBuyTeam.objects.filter(leader=absorbed).update(leader=kept)
