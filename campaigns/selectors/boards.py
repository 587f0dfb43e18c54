"""One store's live list of one campaign: what is left of everything, and who joined."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Prefetch, Q

from campaigns.models import Board, Campaign, ChainEntry, ChainUnit, ItemStock, Order, OrderLine, WaitEntry
from campaigns.names import mask_name
from campaigns.selectors.claims import GONE
from stores.models import Store

NEWEST = 20


@dataclass(frozen=True, slots=True)
class Piece:
    """One physical piece; `taken_by` is the masked name of whoever has it."""

    unit: ChainUnit
    taken_by: str

    @property
    def is_free(self) -> bool:
        return self.unit.order_id is None


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose, what is left of it, and how many wait."""

    stock: ItemStock
    waiting: int
    pieces: list[Piece] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.stock.quota - self.stock.taken

    @property
    def most(self) -> int:
        """How many one order may have of it now."""
        item = self.stock.item
        return min(limit for limit in (self.left, item.per_order, item.per_member, 99) if limit is not None)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the numbered list as everybody sees it; a cancelled one keeps its number, struck through."""

    number: int
    name: str
    goods: str
    joined_at: datetime
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """All there is to draw; `joined` counts entries that stand, `left` what can still be had."""

    campaign: Campaign
    store: Store
    choices: list[Choice]
    rows: list[Row]
    joined: int

    @property
    def left(self) -> int:
        return sum(choice.left for choice in self.choices)


def tags_of(board_ids: Collection[int]) -> dict[int, str]:
    """What each of these lists looks like, as one short word: as long as it is the same, nothing changed. One query."""
    rows = Board.objects.filter(pk__in=board_ids).values_list("pk", "version", "campaign__state", "campaign__killed_at")
    return {pk: f"{version}.{state}{'.stopped' if killed else ''}" for pk, version, state, killed in rows}


def sheet_of(board: Board) -> Sheet:
    """The list as it stands: five queries, six with single pieces, for any number of goods and entries."""
    stocks = list(
        ItemStock.objects.filter(item__campaign=board.campaign_id, store=board.store_id)
        .select_related("item__product")
        .annotate(waiting=Count("queue", filter=Q(queue__state=WaitEntry.State.WAITING)))
        .order_by("item__position", "item_id")
    )
    pieces = _pieces(stock for stock in stocks if stock.item.by_piece)
    choices = [Choice(stock, stock.waiting, pieces.get(stock.pk, [])) for stock in stocks]
    standing = ChainEntry.objects.filter(board=board).exclude(order__state__in=GONE)
    return Sheet(
        campaign=board.campaign, store=board.store, choices=choices, rows=entry_rows(board)[:NEWEST],
        joined=standing.count(),
    )  # fmt: skip


def entry_rows(board: Board, *, most: int | None = NEWEST) -> list[Row]:
    """The newest entries first; all of them where `most` is None."""
    lines = OrderLine.objects.select_related("stock__item", "unit").order_by("pk")
    entries = (
        ChainEntry.objects.filter(board=board)
        .select_related("order")
        .prefetch_related(Prefetch("order__lines", queryset=lines))
        .order_by("-number")[:most]
    )
    return [
        Row(
            number=entry.number, name=mask_name(entry.name), goods=goods_words(entry.order.lines.all()),
            joined_at=entry.joined_at, is_gone=entry.order.state in GONE,
        )
        for entry in entries
    ]  # fmt: skip


def goods_words(lines: Iterable[OrderLine]) -> str:
    """`猫山王榴莲 3号、贵妃芒 ×2`."""
    return "、".join(
        f"{line.stock.item.name} {line.unit.number}号" if line.unit else f"{line.stock.item.name} ×{line.quantity}"
        for line in lines
    )


def _pieces(stocks: Iterable[ItemStock]) -> dict[int, list[Piece]]:
    wanted = [stock.pk for stock in stocks]
    found: dict[int, list[Piece]] = defaultdict(list)
    if not wanted:
        return found
    units = ChainUnit.objects.filter(stock__in=wanted, withdrawn_at=None).select_related(
        "order__entry", "order__member"
    )
    for unit in units.order_by("number"):
        found[unit.stock_id].append(Piece(unit, _holder(unit.order)))
    return found


def _holder(order: Order | None) -> str:
    if order is None:
        return ""
    entry = getattr(order, "entry", None)
    return mask_name(entry.name if entry is not None else (order.member.name if order.member else ""))
