"""One store by day, and by what it is made of: groups, campaigns, codes, colleagues."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse

from campaigns.models import Campaign
from communities.models import CustomerGroup, EntryCode
from metrics.asking import Wish
from metrics.registry import METRICS, Metric
from metrics.registry.components import Grain
from metrics.selectors import reading
from metrics.selectors.periods import Period
from metrics.tables.shape import Head, Row, Table
from stores.models import Staff, Store

DAYS = ("net_sales", "orders", "aov", "joins", "quits", "on_time_rate")


@dataclass(frozen=True, slots=True)
class Part:
    """What a store is made of: how its pieces are called and read, which figures they have, where each leads."""

    name: str
    label: str
    grain: Grain
    heads: tuple[Head, ...]
    codes: tuple[str, ...]
    read: Callable[[Iterable[str], Period, QuerySet[Store]], dict[int, reading.Readings]]
    found: Callable[[Iterable[int]], QuerySet[Any]]
    words: Callable[[Any], tuple[str, ...]]
    page: str
    empty: str

    @property
    def metrics(self) -> list[Metric]:
        return [METRICS[code] for code in self.codes]


PARTS = {
    part.name: part
    for part in (
        Part(
            "groups", "社群", Grain.GROUP, (Head("群"), Head("类型")),
            ("members", "net_growth", "quit_rate", "group_active_rate", "on_time_rate", "missed"), reading.of_groups,
            lambda ids: CustomerGroup.objects.filter(pk__in=ids), lambda group: (str(group), group.get_kind_display()),
            "metrics:group", "这段时间没有群",
        ),
        Part(
            "campaigns", "活动", Grain.CAMPAIGN, (Head("活动"), Head("玩法"), Head("状态")),
            ("claims", "orders", "net_sales", "aov", "pickup_rate"), reading.of_campaigns,
            lambda ids: Campaign.objects.filter(pk__in=ids),
            lambda one: (one.title, one.get_play_display(), one.get_state_display()), "campaigns:detail",
            "这段时间没有活动",
        ),
        Part(
            "codes", "渠道码", Grain.CODE, (Head("渠道码"), Head("状态")),
            ("scans", "join_rate", "add_rate", "joins", "quits"), reading.of_codes,
            lambda ids: EntryCode.objects.filter(pk__in=ids), lambda code: (str(code), code.get_status_display()),
            "codes:detail", "这段时间没有渠道码的数据",
        ),
        Part(
            "staff", "员工", Grain.STAFF, (Head("员工"), Head("岗位")),
            ("adds", "on_time_rate", "missed", "speak_rate"), reading.of_staff,
            lambda ids: Staff.objects.filter(pk__in=ids), lambda person: (person.name, person.get_role_display()), "",
            "这段时间没有员工的数据",
        ),
    )
}  # fmt: skip


def part_table(wish: Wish, stores: QuerySet[Store], part: Part, *, name: str) -> Table:
    """The pieces of a store, those with the most of the first figure on top."""
    readings = part.read(part.codes, wish.period, stores)
    first = part.codes[0]
    pieces = sorted(part.found(readings), key=lambda one: (-(readings[one.pk][first].value or 0), one.pk))
    rows = [
        Row(
            words=part.words(one), readings=tuple(readings[one.pk][code] for code in part.codes),
            url=_address(part.page, one.pk, wish), key=str(one.pk),
        )
        for one in pieces
    ]  # fmt: skip
    return Table(
        title=part.label, heads=part.heads, metrics=part.metrics, rows=rows, count=len(rows),
        filename=f"{name}_{part.label}_{wish.period.first:%Y%m%d}-{wish.period.last:%Y%m%d}", facts=wish.facts(),
    )  # fmt: skip


def _address(page: str, pk: int, wish: Wish) -> str:
    if not page:
        return ""
    try:
        address = reverse(page, args=[pk])
    except NoReverseMatch:
        return ""
    is_ours = page.startswith("metrics:")
    return f"{address}?period=own&first={wish.period.first}&last={wish.period.last}" if is_ours else address
