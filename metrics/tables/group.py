"""One group by day."""

from communities.models import CustomerGroup
from metrics.asking import Wish
from metrics.registry.components import Grain
from metrics.selectors import reading
from metrics.tables import overview
from metrics.tables.shape import Table

DAYS = ("members", "joins", "quits", "group_active_rate", "on_time_rate", "missed")


def days_table(wish: Wish, group: CustomerGroup) -> Table:
    """One line a day, the newest first."""
    counted = dict(reading.trend(wish.codes, wish.trend_period, wish.everywhere, grain=Grain.GROUP, of=group.pk))
    return overview.days_of(wish, wish.trend_period, counted, filename=str(group))
