"""The execution board put together: what was asked for, its stores in order, and the cells of one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date

from communities.models import Slot
from communities.selectors import execution
from communities.selectors.execution import Ranking
from communities.selectors.measures import LABELS, MISSED, SKIPPED, Tally
from dashboard.filters import ExecutionFilter
from stores.models import Staff, Store
from stores.selectors import stores_for
from stores.sheets.writing import Cell

_LONG_AGO = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class Row:
    """One store: what it came to, and its cells in the order of the columns."""

    store: Store
    tally: Tally
    cells: list[Tally | None]


class Board:
    """One view of the board, for somebody with this query at this moment."""

    def __init__(self, user: Staff, query: QueryDict, request: Any, *, at: datetime) -> None:
        self.at = at
        self.is_month = query.get("view") == "month"
        self.day = _day(query.get("day", ""), today=timezone.localdate(at))
        self.first, self.last = execution.month_of(self.day, at=at)
        self.state = query.get("state", "")
        self.sort = query.get("sort", "share")
        self._slot = "" if self.is_month else query.get("slot", "")
        self.filter = ExecutionFilter(query, queryset=stores_for(user), request=request)
        self._everyone = user.is_hq and not self.filter.is_narrow

    @cached_property
    def _ranking(self) -> Ranking:
        asked: dict[str, Any] = {
            "stores": self.filter.qs, "everyone": self._everyone, "state": self.state, "sort": self.sort, "at": self.at,
        }  # fmt: skip
        if self.is_month:
            return execution.month_ranking(first=self.first, last=self.last, **asked)
        return execution.day_ranking(day=self.day, slot=self.slot.number if self.slot else None, **asked)

    @property
    def store_ids(self) -> list[int]:
        """The stores that are shown, page by page, in order."""
        return self._ranking.store_ids

    @property
    def total(self) -> Tally:
        """What the posts of all of them came to."""
        return self._ranking.total

    @cached_property
    def columns(self) -> list[Any]:
        """Slots of a day, days of a month."""
        if self.is_month:
            return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]
        return [self.slot] if self.slot else self.slots

    @cached_property
    def slots(self) -> list[Slot]:
        """The hours of a day, to choose one from."""
        return list(Slot.objects.filter(is_active=True).order_by("at", "number"))

    @property
    def slot(self) -> Slot | None:
        """The one slot asked for; None where it is none that is used."""
        return next((slot for slot in self.slots if str(slot.number) == self._slot), None) if self._slot else None

    @property
    def is_today(self) -> bool:
        return self.day == timezone.localdate(self.at)

    def rows(self, store_ids: Sequence[int]) -> list[Row]:
        """Some of the stores, with their cells."""
        stores = Store.objects.select_related("region").in_bulk(store_ids)
        cells: dict[tuple[int, Any], Tally]
        if self.is_month:
            cells = dict(execution.day_cells(first=self.first, last=self.last, store_ids=store_ids, at=self.at))
            keys = self.columns
        else:
            cells = dict(execution.slot_cells(day=self.day, store_ids=store_ids, at=self.at))
            keys = [slot.number for slot in self.columns]
        # A slot that HQ has switched off since has no column, but its posts count.
        own: dict[int, list[Tally]] = {store_id: [] for store_id in store_ids}
        for (store_id, key), cell in cells.items():
            if self.slot is None or key == self.slot.number:
                own[store_id].append(cell)
        return [
            Row(stores[store_id], Tally.sum_of(own[store_id]), [cells.get((store_id, key)) for key in keys])
            for store_id in store_ids
        ]

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why posts were missed or skipped, in words, those that occurred."""
        return [(LABELS[name], self.total[name]) for name in (*MISSED, *SKIPPED) if self.total[name]]

    def sheet(self) -> tuple[list[str], list[tuple[Cell, ...]]]:
        """Column names and rows of everything shown, on all pages."""
        if self.is_month:
            names = [f"{day:%m-%d} 准时率" for day in self.columns]
        else:
            names = [f"{slot.at:%H:%M} {part}" for slot in self.columns for part in ("已发", "应发")]
        head = ["门店编码", "门店", "城市", "区域", "准时率", *LABELS.values(), *names]
        return head, [self._line(row) for row in self.rows(self.store_ids)]

    def _line(self, row: Row) -> tuple[Cell, ...]:
        cells: list[Cell] = []
        for cell in row.cells:
            if self.is_month:
                cells.append(_written(cell.percent if cell else None))
            else:
                cells += [cell.sent, cell["total"]] if cell else [None, None]
        store = row.store
        facts = (store.code, store.name, store.city, store.region.name, _written(row.tally.percent))
        return (*facts, *(row.tally[name] for name in LABELS), *cells)


def _written(percent: int | None) -> str | None:
    return None if percent is None else f"{percent}%"


def _day(text: str, *, today: date) -> date:
    """The day asked for, as a date or a month (2026-11); today where it is none or not yet."""
    try:
        day = parse_date(text if text.count("-") > 1 else f"{text}-01")
    except ValueError:
        day = None
    return day if day is not None and _LONG_AGO <= day <= today else today
