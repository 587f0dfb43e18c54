"""How long a code may be quiet before that is odd, by its own habit."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

HABIT = timedelta(days=28)
_MISSED = 7.0  # arrivals missing: by chance once in 1,100 such silences, if people come independently of each other


def missed_arrivals(arrivals: Sequence[datetime], *, since: datetime, at: datetime) -> float:
    """How many arrivals its habit promises between its last one and now.

    The habit is the count per hour of the business day over 28 days, or since the code exists; so a shop closed at
    night is not missed at night, and a code two people a week scan is not missed for days.
    """
    start = max(since, at - HABIT)
    if not arrivals or at - start < timedelta(days=1):
        return 0.0
    days = (at - start) / timedelta(days=1)
    habit = Counter(timezone.localtime(one).hour for one in arrivals)
    last = max(arrivals)
    missed, moment = 0.0, last
    while moment < at:
        until = min(at, (moment + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0))
        missed += habit[timezone.localtime(moment).hour] / days * ((until - moment) / timedelta(hours=1))
        moment = until
    return missed


def is_oddly_quiet(arrivals: Sequence[datetime], *, since: datetime, at: datetime) -> bool:
    return missed_arrivals(arrivals, since=since, at=at) >= _MISSED
