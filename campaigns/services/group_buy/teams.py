"""A team's row and its seats. Whoever changes them holds the seat's order first, then the team; never the reverse.

The team is locked `FOR NO KEY UPDATE`: a new seat's foreign key must not wait for a payment that is being decided.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Case, Value, When

from campaigns import plays_tasks
from campaigns.errors import BadClaim, CampaignClosed, NotEligible
from campaigns.models import Campaign, GroupBuySeat, GroupBuyTeam, ItemStock, Order, Payment

Seat, Team = GroupBuySeat.State, GroupBuyTeam.State
LIVE = (Seat.RESERVED, Seat.PAID, Seat.CONFIRMED)
COUNTED = (Seat.PAID, Seat.CONFIRMED)


def team_to_join(*, token: str, stock: ItemStock, member_id: int, at: datetime) -> GroupBuyTeam:
    """The open team behind an invitation, if there is a place for this member.

    :raises BadClaim: there is no such team for these goods
    :raises CampaignClosed: it has formed, or its time is over
    :raises NotEligible: she is in it already
    """
    team = GroupBuyTeam.objects.filter(token=token, stock=stock).first()
    if team is None:
        raise BadClaim("没有这个团，请让好友重新发一次链接")
    if team.state == Team.SUCCEEDED:
        raise CampaignClosed("这个团已经满员了，可以自己开一个团")
    if team.state == Team.EXPIRED or team.expires_at <= at:
        raise CampaignClosed("这个团已经结束了，可以自己开一个团")
    if GroupBuySeat.objects.filter(team=team, member=member_id, state__in=LIVE).exists():
        raise NotEligible("您已经在这个团里了")
    return team


def open_team(*, campaign: Campaign, stock: ItemStock, leader_id: int | None, at: datetime) -> GroupBuyTeam:
    """A new team; its time is set once, and never beyond the activity's own end."""
    terms = campaign.group_buy
    return GroupBuyTeam.objects.create(
        stock=stock, leader_id=leader_id, size=terms.size, opened_at=at,
        expires_at=min(at + timedelta(minutes=terms.form_minutes), campaign.ends_at),
    )  # fmt: skip


def take_seat(*, team: GroupBuyTeam, order: Order, at: datetime) -> GroupBuySeat:
    """Reserve a place; it counts only once it is paid. :raises NotEligible: she has one in this team"""
    assert order.member is not None  # noqa: S101 -- the play lets nobody unknown claim
    try:
        with transaction.atomic():
            return GroupBuySeat.objects.create(team=team, member=order.member, order=order, joined_at=at)
    except IntegrityError as error:
        raise NotEligible("您已经在这个团里了") from error


def pay_seat(*, order: Order, at: datetime) -> GroupBuySeat:
    """Decide over a paid place under the team's lock: paid, confirmed as the last one, or refunded for want of room.

    A payment made after the team's time never counts, however early its notice; one made in time counts as long as
    nobody has decided the team. Told twice, it counts once.
    """
    seat = GroupBuySeat.objects.get(order=order)
    if seat.state in COUNTED:
        return seat
    team = lock(seat.team_id)
    if not _has_room(team, order) or _sits_elsewhere(seat):
        return _set(seat, Seat.REFUNDED)
    team.paid_seats += 1
    fields = ["paid_seats"]
    if team.paid_seats + team.virtual_seats == team.size:
        team.state, team.decided_at = Team.SUCCEEDED, at
        fields += ["state", "decided_at"]
        plays_tasks.settle_team.delay_on_commit(team_id=team.pk)  # the sweep finds it too
    team.save(update_fields=fields)
    return _set(seat, Seat.CONFIRMED if team.state == Team.SUCCEEDED else Seat.PAID)


def leave(*, order: Order, at: datetime) -> None:
    """Give a place back, paid or not. A leaving leader hands the team to who paid first; alone, she ends it.

    The team keeps its time, and one that has formed stays formed.
    """
    seat = GroupBuySeat.objects.get(order=order)
    if seat.state not in LIVE:
        return
    team = lock(seat.team_id)
    if seat.state in COUNTED:
        team.paid_seats -= 1
    _set(seat, Seat.REFUNDED if seat.state in COUNTED else Seat.RELEASED)
    if team.state == Team.OPEN and team.leader_id == seat.member_id:
        team.leader_id = _heir(team)
        if team.leader_id is None:
            team.state, team.decided_at = Team.EXPIRED, at
    team.save(update_fields=["paid_seats", "leader", "state", "decided_at"])


def lock(team_id: int) -> GroupBuyTeam:
    """The team's row, held until the transaction ends."""
    return GroupBuyTeam.objects.select_for_update(no_key=True).get(pk=team_id)


def _has_room(team: GroupBuyTeam, order: Order) -> bool:
    if team.state != Team.OPEN or team.paid_seats + team.virtual_seats >= team.size:
        return False
    paid = Payment.objects.filter(order=order, state=Payment.State.PAID).order_by("paid_at").first()
    return paid is not None and paid.paid_at is not None and paid.paid_at < team.expires_at


def _sits_elsewhere(seat: GroupBuySeat) -> bool:
    """Her place lapsed, she took another in the same team, and now the first payment arrives after all."""
    others = GroupBuySeat.objects.filter(team=seat.team_id, member=seat.member_id, state__in=LIVE)
    return others.exclude(pk=seat.pk).exists()


def _heir(team: GroupBuyTeam) -> int | None:
    paid_first = Case(When(state=Seat.PAID, then=Value(0)), default=Value(1))
    live = GroupBuySeat.objects.filter(team=team, state__in=LIVE).order_by(paid_first, "joined_at", "pk")
    return live.values_list("member", flat=True).first()


def _set(seat: GroupBuySeat, state: GroupBuySeat.State) -> GroupBuySeat:
    seat.state = state
    seat.save(update_fields=["state"])
    return seat
