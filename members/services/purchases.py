"""Writing purchases: the sales other parts of the house make themselves, line by line."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Q

from members.models import Purchase
from members.services.partitions import BUSINESS_ZONE, ensure_partitions


class ContradictorySigns(ValueError):
    """A negative amount with a positive quantity: a return has both negative."""


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One line of a receipt, known by (source, store, receipt, line); a return has negative quantity and amount."""

    source: str
    store_id: int
    receipt: str
    line: int
    bought_at: datetime
    product_id: int
    quantity: Decimal
    paid_fen: int
    member_id: int | None = None
    unit: str = ""
    unit_price_fen: int | None = None
    payment: str = ""
    campaign_id: int | None = None

    @property
    def key(self) -> tuple[str, int, str, int]:
        """What makes the line count once."""
        return self.source, self.store_id, self.receipt, self.line


@transaction.atomic
def record_purchases(*, lines: Sequence[PurchaseLine]) -> int:
    """Record lines that are not recorded yet and return how many those were; safe to repeat and to race.

    A line is known by (source, store, receipt, line) alone: recorded again at another time or price, it changes
    nothing. To correct a sale, record a return under a line number of its own.

    :raises ContradictorySigns: an amount below zero with a quantity above it
    """
    for line in lines:
        if line.paid_fen < 0 < line.quantity:
            raise ContradictorySigns(line.key)
    wanted = {line.key: line for line in reversed(lines)}  # the first of equal keys counts
    lock_for_lines(wanted)
    known = _known_keys(wanted)
    new = [line for key, line in wanted.items() if key not in known]
    ensure_partitions(months={line.bought_at.astimezone(BUSINESS_ZONE).date() for line in new})
    Purchase.objects.bulk_create(
        Purchase(**{name: getattr(line, name) for name in PurchaseLine.__slots__}) for line in reversed(new)
    )
    return len(new)


def _known_keys(keys: Iterable[tuple[str, int, str, int]]) -> set[tuple[str, int, str, int]]:
    receipts = {key[:3] for key in keys}
    same = Q()
    for source, store_id, receipt in receipts:
        same |= Q(source=source, store_id=store_id, receipt=receipt)
    if not same:
        return set()
    return set(Purchase.objects.filter(same).values_list("source", "store_id", "receipt", "line"))


def lock_for_lines(keys: Iterable[tuple[str, int, str, int]]) -> None:
    """Let no other writer look for these receipts until the transaction ends; writers of other receipts go on."""
    receipts = sorted({key[:3] for key in keys})
    with connection.cursor() as cursor:
        for source in sorted({source for source, _, _ in receipts}):
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_lock_number(source)])
        for number in sorted({_lock_number("|".join(map(str, receipt))) for receipt in receipts}):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def lock_source(*, source: str) -> None:
    """Be the only writer of a source's purchases until the transaction ends (the primary key alone cannot see
    that a line is there already at another time).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_lock_number(source)])


def _lock_number(text: str) -> int:
    digest = hashlib.blake2b(f"members.purchase|{text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
