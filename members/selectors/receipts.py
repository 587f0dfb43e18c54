"""Receipts put together again from their lines."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Max, QuerySet

from members.models import Purchase
from stores.models import Product


@dataclass(frozen=True)
class Line:
    name: str
    quantity: str
    paid_fen: int

    @property
    def is_return(self) -> bool:
        return self.paid_fen < 0


@dataclass(frozen=True)
class Receipt:
    """One visit to the till; `lines` in the order of the receipt."""

    number: str
    store_name: str
    bought_at: datetime
    payment: str
    lines: list[Line] = field(default_factory=list)

    @property
    def paid_fen(self) -> int:
        return sum(line.paid_fen for line in self.lines)

    @property
    def has_return(self) -> bool:
        return any(line.is_return for line in self.lines)


_UNITS = {Product.Unit.JIN: "斤", Product.Unit.PORTION: "份", Product.Unit.PIECE: "个"}


def quantity_text(purchase: Purchase) -> str:
    """The quantity as the receipt wrote it: `1.25kg`, or in the product's own unit where it named none."""
    number = f"{purchase.quantity:f}"
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return f"{number} {purchase.unit or _UNITS[Product.Unit(purchase.product.unit)]}"


def recent_receipts(lines: QuerySet[Purchase], *, limit: int = 10) -> list[Receipt]:
    """The newest receipts with all their lines, in two queries."""
    keys = list(
        lines.values_list("store", "source", "receipt")
        .annotate(at=Max("bought_at"))
        .order_by("-at", "store", "receipt")[:limit]
    )
    found: dict[tuple[int, str, str], Receipt] = {}
    wanted = {key[:3] for key in keys}
    rows = (
        lines.filter(receipt__in={key[2] for key in keys}, store__in={key[0] for key in keys})
        .select_related("store", "product")
        .order_by("bought_at", "line")
    )
    for row in rows:
        key = (row.store_id, row.source, row.receipt)
        if key not in wanted:
            continue
        receipt = found.setdefault(key, Receipt(row.receipt, row.store.name, row.bought_at, row.payment))
        receipt.lines.append(Line(row.product.name, quantity_text(row), row.paid_fen))
    return [found[key[:3]] for key in keys if key[:3] in found]
