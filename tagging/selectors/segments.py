"""Segments somebody may see, and who is in them: always members of her own stores."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from members.models import Member
from members.selectors.scope import members_for
from stores.models import Staff
from stores.selectors import stores_for
from tagging.models import Segment
from tagging.segmenting import rules as ruling
from tagging.segmenting.kinds import Scope

COUNT_CAP = 10_000


@dataclass(frozen=True, slots=True)
class Reach:
    """How many a rule selects, as far as was counted; `everybody` where nobody is left out."""

    count: int
    is_capped: bool
    everybody: bool


def segments_for(user: Staff) -> QuerySet[Segment]:
    """The chain's segments and those of one's stores; another store's is a 404."""
    live = Segment.objects.filter(archived_at=None)
    return live.filter(Q(store=None) | Q(store__in=stores_for(user)))


def may_change(user: Staff, segment: Segment) -> bool:
    """The chain's are HQ's to change; a store's are its own people's and HQ's."""
    return user.is_hq or (segment.store_id is not None and segment.store_id == user.store_id)


def members_in(user: Staff, rules: ruling.Rules, *, at: datetime) -> QuerySet[Member]:
    """The members this user may see that the rules select."""
    return members_for(user).filter(ruling.condition(rules, Scope(user, at)))


def reach_of(user: Staff, rules: ruling.Rules, *, at: datetime) -> Reach:
    """The live count, up to a cap: counting millions while somebody types helps nobody."""
    found = members_in(user, rules, at=at).order_by()[: COUNT_CAP + 1].count()
    left_out = members_for(user).exclude(ruling.condition(rules, Scope(user, at))).order_by()
    everybody = found > 0 and not left_out.exists()
    return Reach(min(found, COUNT_CAP), found > COUNT_CAP, everybody)
