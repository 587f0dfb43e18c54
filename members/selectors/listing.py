"""One page of the members list and the facts its rows show."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.utils.dateparse import parse_datetime

from members.masking import masked
from members.models import Identity, Member
from members.selectors.scope import purchases_for
from stores.models import Staff

COUNT_CAP = 1_000
RECENT_DAYS = 90
_KEY = re.compile(r"[0-9]{1,18}")  # fits a bigint


@dataclass(frozen=True)
class Position:
    """Where a page ended: the last row's joining time and key, so the next page starts without counting."""

    joined_at: datetime
    pk: int

    def __str__(self) -> str:
        return f"{self.joined_at.isoformat()}_{self.pk}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """The position written in an address, or None for anything else."""
        moment, _, key = text.rpartition("_")
        try:
            joined_at = parse_datetime(moment)
        except ValueError:
            return None
        if joined_at is None or joined_at.tzinfo is None or not _KEY.fullmatch(key):
            return None
        return cls(joined_at, int(key))


@dataclass(frozen=True)
class MemberRow:
    """What one row of the list, of the export and of the API shows; ids are masked."""

    member: Member
    phones: list[str]
    cards: list[str]
    last_purchase_at: datetime | None
    recent_spend_fen: int


@dataclass(frozen=True)
class MemberPage:
    rows: list[MemberRow]
    next_position: Position | None


def member_page(
    user: Staff | AnonymousUser, members: QuerySet[Member], *, after: Position | None, size: int, at: datetime
) -> MemberPage:
    """The next `size` members, newest first, with their facts: three queries whatever the size."""
    found = list(after_position(members, after).select_related("home_store")[: size + 1])
    shown = found[:size]
    more = Position(shown[-1].joined_at, shown[-1].pk) if len(found) > size else None
    return MemberPage(member_rows(user, shown, at=at), more)


def after_position(members: QuerySet[Member], after: Position | None) -> QuerySet[Member]:
    """These members, newest first, from where a page ended."""
    if after is not None:
        members = members.filter(joined_at__lte=after.joined_at).exclude(joined_at=after.joined_at, pk__gte=after.pk)
    return members.order_by("-joined_at", "-pk")


def member_rows(user: Staff | AnonymousUser, members: Sequence[Member], *, at: datetime) -> list[MemberRow]:
    """The facts of these members, as far as the user may see the stores they bought in."""
    ids = [member.pk for member in members]
    codes: dict[int, list[Identity]] = {pk: [] for pk in ids}
    known = [Identity.Kind.PHONE, Identity.Kind.CARD]
    for identity in Identity.objects.filter(member__in=ids, kind__in=known).order_by("pk"):
        codes[identity.member_id].append(identity)
    spent = spending(user, ids, at=at)
    rows = []
    for member in members:
        last, recent = spent.get(member.pk, (None, 0))
        phones, cards = ([masked(i) for i in codes[member.pk] if i.kind == kind] for kind in known)
        rows.append(MemberRow(member, phones, cards, last, recent))
    return rows


def spending(
    user: Staff | AnonymousUser, ids: Sequence[int], *, at: datetime
) -> dict[int, tuple[datetime | None, int]]:
    """Member → when she last bought, and the fen she paid of late, where the user may look."""
    # One look a member into the index (member, bought_at): a grouping would read all she ever bought.
    hers = purchases_for(user).filter(member=OuterRef("pk"))
    last = hers.filter(paid_fen__gt=0).order_by("-bought_at").values("bought_at")[:1]
    recent = hers.filter(bought_at__gte=at - timedelta(days=RECENT_DAYS)).values("member").annotate(fen=Sum("paid_fen"))
    found = Member.objects.filter(pk__in=ids).values_list("pk", Subquery(last), Subquery(recent.values("fen")))
    return {member: (last_at, fen or 0) for member, last_at, fen in found}


def capped_count(members: QuerySet[Member], *, cap: int = COUNT_CAP) -> int:
    """How many there are, but never more than `cap` + 1: counting millions for a caption is not worth a second."""
    return members.order_by()[: cap + 1].count()
