"""The members list as a table for a spreadsheet: the same rows, the same masks, in the same order."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from members.models import Member
from members.selectors.listing import MemberRow, Position, member_page
from stores.models import Staff
from stores.sheets.writing import Cell

COLUMNS = ("编号", "姓名", "手机", "会员卡", "归属门店编码", "归属门店", "入会时间", "最近购买", "近90天实付（元）")
EXPORT_CAP = 100_000
_BATCH = 2_000


def export_rows(user: Staff, members: QuerySet[Member], *, at: datetime) -> Iterator[tuple[Cell, ...]]:
    """Every matching member, newest first, read page by page so that memory stays flat; at most `EXPORT_CAP`."""
    position: Position | None = None
    for _ in range(EXPORT_CAP // _BATCH):
        page = member_page(user, members, after=position, size=_BATCH, at=at)
        yield from map(_cells, page.rows)
        position = page.next_position
        if position is None:
            return


def _cells(row: MemberRow) -> tuple[Cell, ...]:
    member, store = row.member, row.member.home_store
    return (
        member.pk, member.name, "、".join(row.phones), "、".join(row.cards), store.code if store else "",
        store.name if store else "", member.joined_at, row.last_purchase_at, Decimal(row.recent_spend_fen) / 100,
    )  # fmt: skip
