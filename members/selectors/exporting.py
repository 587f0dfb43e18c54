"""The members list as a table for a spreadsheet: the same rows, the same masks, in the same order."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from members.identities import decrypt
from members.masking import mask
from members.models import Identity, Member
from members.selectors.listing import Position, after_position, spending
from stores.models import Staff, Store
from stores.sheets.writing import Cell

COLUMNS = ("编号", "姓名", "手机", "会员卡", "归属门店编码", "归属门店", "入会时间", "最近购买", "近90天实付（元）")
EXPORT_CAP = 100_000
_BATCH = 2_000
_NO_STORE = ("", "")


def export_rows(
    user: Staff, members: QuerySet[Member], *, at: datetime, batch: int = _BATCH
) -> Iterator[tuple[Cell, ...]]:
    """Every matching member, newest first, at most `EXPORT_CAP`.

    Read batch by batch, so that memory stays flat: three queries each, and one for all stores. Rows are plain tuples,
    since a hundred thousand model instances would take longer than the database.
    """
    stores = {pk: (code, name) for pk, code, name in Store.objects.values_list("pk", "code", "name")}
    position: Position | None = None
    for _ in range(-(-EXPORT_CAP // batch)):
        page = after_position(members, position)[:batch].values_list("pk", "name", "home_store", "joined_at")
        rows: list[Any] = list(page)
        yield from _cells(user, rows, stores, at)
        if len(rows) < batch:
            return
        position = Position(rows[-1][3], rows[-1][0])


def _cells(
    user: Staff, rows: list[Any], stores: dict[int, tuple[str, str]], at: datetime
) -> Iterator[tuple[Cell, ...]]:
    ids = [row[0] for row in rows]
    masks: dict[str, dict[int, list[str]]] = {
        kind: defaultdict(list) for kind in (Identity.Kind.PHONE, Identity.Kind.CARD)
    }
    known = Identity.objects.filter(member__in=ids, kind__in=list(masks)).order_by("pk")
    for member, kind, encrypted in known.values_list("member", "kind", "value_encrypted"):
        masks[kind][member].append(mask(kind=kind, value=decrypt(encrypted)))
    phones, cards = masks.values()
    spent = spending(user, ids, at=at)
    for pk, name, store, joined_at in rows:
        last, recent = spent.get(pk, (None, 0))
        yield (
            pk, name, "、".join(phones[pk]), "、".join(cards[pk]), *stores.get(store, _NO_STORE), joined_at, last,
            Decimal(recent) / 100,
        )  # fmt: skip
