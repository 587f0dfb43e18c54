"""How badly each store does by each rule: figures the higher the worse, for all stores in a handful of queries.

A store of which too little is known is left out, so nothing is raised or cleared on a guess.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from communities.models import PostTask
from metrics.selectors.peer_bands import bands_on, medians_by_band
from metrics.selectors.reading import Period, of_stores
from stores.models import Store, StoreProduct

RECENT, EARLIER = 7, 28  # days
QUIT_DAYS = 3
SALES_DAYS = 14
_CALM = 3.0  # people who leave anyway: what a spike of a small store is pulled to once with
_HALF_TRUST = 30.0  # orders at which a store's own sales count as much as its peers'
_NAMED = 3
Found = dict[int, "Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How bad it is, and the figures its words are made of."""

    badness: float
    figures: Mapping[str, Any] = field(default_factory=dict)


def execution_drop(*, last: date, least: float) -> Found:
    """Points by which a week's punctuality lies below the store's own four weeks before, or its peers', if higher.

    Against its own past alone a store that stays bad would look normal after a month.
    """
    code = "on_time_rate"
    recent = _read([code], last, RECENT)
    before = _read([code], last - timedelta(days=RECENT), EARLIER)
    bands = bands_on(last)
    due = {pk: row[code].denominator or 0 for pk, row in recent.items()}
    shares = {pk: row[code].value for pk, row in recent.items() if row[code].value is not None and due[pk] >= least}
    middle = medians_by_band(shares, bands)
    found: Found = {}
    for pk, share in shares.items():
        own = before[pk][code].value if pk in before else None
        peers = middle.get(bands.get(pk, ""))
        base = max((one for one in (own, peers) if one is not None), default=None)
        if base is None or share is None:
            continue
        gap = 100 * (base - share)
        than = "前 4 周" if base == own else "同伴中间值"
        figures = {"recent": 100 * share, "than": than, "base": 100 * base, "gap": gap, "due": due[pk], "day": last}
        found[pk] = Finding(gap, figures)
    return found


def quit_spike(*, last: date, least: float) -> Found:
    """How many times more people left in three days than the four weeks before let expect, pulled to once if few.

    Fewer than `least` are never a spike, but they do say that it is over.
    """
    code = "quits"
    recent = _read([code], last, QUIT_DAYS)
    before = _read([code], last - timedelta(days=QUIT_DAYS), EARLIER)
    found: Found = {}
    for pk, row in recent.items():
        if pk not in before:
            continue
        quits = row[code].numerator or 0
        expected = (before[pk][code].numerator or 0) * QUIT_DAYS / EARLIER
        times = (quits + _CALM) / (expected + _CALM)
        found[pk] = Finding(
            times if quits >= least else min(times, 1.0), {"quits": quits, "expected": expected, "day": last}
        )
    return found


def sales_gap(*, last: date, least: float) -> Found:
    """Per cent by which two weeks' sales per hundred group members lie below the peers' middle, shrunk to it."""
    rows = _read(["net_sales", "people", "orders"], last, SALES_DAYS)
    bands = bands_on(last)
    per_hundred = {
        pk: 100 * (row["net_sales"].value or 0) / row["people"].value / 100  # fen of one member is yuan of a hundred
        for pk, row in rows.items()
        if row["people"].value
    }
    middle = medians_by_band(per_hundred, bands)
    found: Found = {}
    for pk, own in per_hundred.items():
        orders = int(rows[pk]["orders"].value or 0)
        peers = middle.get(bands.get(pk, ""))
        if not peers or orders < least:
            continue
        trust = orders / (orders + _HALF_TRUST)
        gap = 100 * trust * (peers - own) / peers
        found[pk] = Finding(gap, {"own": own, "peers": peers, "gap": 100 * (peers - own) / peers, "orders": orders})
    return found


def stock_out(*, at: datetime) -> Found:
    """How many products a store is to post about today or tomorrow without having any; every store is judged."""
    today = timezone.localdate(at)
    here = StoreProduct.objects.filter(store=OuterRef("store"), product=OuterRef("version__product"))
    waiting = PostTask.objects.filter(
        day__range=(today, today + timedelta(days=1)), due_at__gt=at, version__product__isnull=False,
        state__in=(PostTask.State.PLANNED, PostTask.State.BLOCKED, PostTask.State.RELEASED),
    ).filter(~Exists(here.filter(on_sale=True, stock__gt=0)))  # fmt: skip
    lacking: dict[int, dict[str, date]] = defaultdict(dict)
    rows = waiting.order_by("store_id", "day", "version__product__name")
    for store_id, name, day in rows.values_list("store_id", "version__product__name", "day").distinct():
        lacking[store_id].setdefault(name, day)
    found = dict.fromkeys(Store.objects.values_list("pk", flat=True), Finding(0))
    for store_id, products in lacking.items():
        names = "、".join(list(products)[:_NAMED]) + ("等" if len(products) > _NAMED else "")
        first = min(products.values())
        found[store_id] = Finding(len(products), {"products": len(products), "names": names, "day": first.isoformat()})
    return found


def _read(codes: list[str], last: date, days: int) -> dict[int, Any]:
    # The night's own look at every store: no person is asking.
    return of_stores(codes, Period(last - timedelta(days=days - 1), last), Store.objects.all())
