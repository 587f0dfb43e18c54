"""Teams of a 拼团 as members and staff see them. People are seats with a member; nothing else is ever shown as one."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Prefetch, Q, QuerySet

from campaigns.models import Campaign, GroupBuySeat, GroupBuyTeam
from campaigns.names import mask_name
from members.models import Member
from stores.models import Store

SHOWN = 5
_COUNTED = (GroupBuySeat.State.PAID, GroupBuySeat.State.CONFIRMED)
_MINE = (GroupBuySeat.State.RESERVED, *_COUNTED)


@dataclass(frozen=True, slots=True)
class Face:
    """One paid seat: a masked name and its first character, never a photo (wecom.md §8.3)."""

    name: str
    initial: str
    is_leader: bool


@dataclass(frozen=True, slots=True)
class TeamSheet:
    """What a team's page shows: paid seats, how many are missing, and the time that is left."""

    team: GroupBuyTeam
    faces: list[Face]
    missing: int
    seconds: int

    @property
    def is_open(self) -> bool:
        return self.team.state == GroupBuyTeam.State.OPEN and self.seconds > 0

    @property
    def gaps(self) -> range:
        """One for each empty place."""
        return range(self.missing)


def team_sheet(team: GroupBuyTeam, *, at: datetime) -> TeamSheet:
    """A team whose `seats` may be prefetched with their members."""
    paid = [seat for seat in team.seats.all() if seat.state in _COUNTED]
    faces = [_face(seat, team) for seat in sorted(paid, key=lambda seat: (seat.joined_at, seat.pk))]
    missing = max(0, team.size - team.virtual_seats - len(faces)) if team.state == GroupBuyTeam.State.OPEN else 0
    return TeamSheet(team, faces, missing, max(0, int((team.expires_at - at).total_seconds())))


def with_seats(teams: QuerySet[GroupBuyTeam]) -> QuerySet[GroupBuyTeam]:
    """Teams with their seats, the seats' members and orders: two queries more, whatever their number."""
    seats = GroupBuySeat.objects.select_related("member", "order").order_by("pk")
    return teams.prefetch_related(Prefetch("seats", queryset=seats))


def teams_of(campaign: Campaign, store: Store) -> QuerySet[GroupBuyTeam]:
    """Every team of a campaign in one store."""
    return GroupBuyTeam.objects.filter(stock__item__campaign=campaign, stock__store=store)


def joinable_teams(campaign: Campaign, store: Store, *, member: Member, at: datetime) -> list[TeamSheet]:
    """Teams somebody has paid for and that miss the fewest, hers not among them."""
    hers = GroupBuySeat.objects.filter(member=member, state__in=_MINE).values("team")
    opened = teams_of(campaign, store).filter(
        state=GroupBuyTeam.State.OPEN, expires_at__gt=at, paid_seats__gt=0, paid_seats__lt=F("size")
    ).exclude(pk__in=hers)  # fmt: skip
    rows = with_seats(opened.order_by(F("size") - F("paid_seats"), "expires_at"))[:SHOWN]
    return [team_sheet(team, at=at) for team in rows]


def seats_of(campaign: Campaign, member: Member) -> QuerySet[GroupBuySeat]:
    """Her live places in a campaign, newest first."""
    mine = GroupBuySeat.objects.filter(team__stock__item__campaign=campaign, member=member, state__in=_MINE)
    return mine.select_related("team", "order").order_by("-pk")


def seat_in(team: GroupBuyTeam, member: Member) -> GroupBuySeat | None:
    """Her last place in a team, live ones first."""
    live = Q(state__in=_MINE)
    seats = GroupBuySeat.objects.select_related("order").filter(team=team, member=member)
    return seats.filter(live).first() or seats.order_by("-pk").first()


def team_counts(campaign: Campaign, store: Store) -> dict[str, int]:
    """How many teams stand where, by state."""
    rows = teams_of(campaign, store).values_list("state").annotate(n=Count("pk")).order_by()
    return {"open": 0, "succeeded": 0, "expired": 0} | {state: int(n) for state, n in rows}


def _face(seat: GroupBuySeat, team: GroupBuyTeam) -> Face:
    masked = mask_name(seat.member.name)
    return Face(masked, masked[0], seat.member_id == team.leader_id)
