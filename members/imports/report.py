"""What an import says of a file, on screen and in the file of `--report`."""

import csv
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

LABELS = {
    "rows": "数据行",
    "accepted": "导入",
    "duplicates": "重复（不再计）",
    "returns": "其中退货",
    "rejected": "未导入",
    "reasons": "未导入的原因",
    "quantity": "数量合计",
    "paid_fen": "实付合计（分）",
    "members_new": "新会员",
    "anonymous": "非会员行",
    "first_at": "最早一笔",
    "last_at": "最晚一笔",
}
QUANTITY_SCALE = 10_000


@dataclass(slots=True)
class Report:
    """Counts of rows (`rows` = accepted + duplicates + rejected) and sums of the accepted ones.

    `returns` and `anonymous` are among the accepted; `quantity` (ten-thousandths here, a number in the file) and
    `paid_fen` are net of returns.
    """

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    returns: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    quantity: int = 0
    paid_fen: int = 0
    members_new: int = 0
    anonymous: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def rejected(self) -> int:
        """Rows left out because something is wrong with them."""
        return self.reasons.total()

    def as_json(self) -> dict[str, Any]:
        """The report with exactly its documented keys."""
        whole, part = divmod(self.quantity, QUANTITY_SCALE)
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "returns": self.returns,
            "rejected": self.rejected,
            "reasons": dict(self.reasons.most_common()),
            "quantity": self.quantity / QUANTITY_SCALE if part else whole,
            "paid_fen": self.paid_fen,
            "members_new": self.members_new,
            "anonymous": self.anonymous,
            "first_at": self.first_at.isoformat() if self.first_at else None,
            "last_at": self.last_at.isoformat() if self.last_at else None,
        }


class LeftOut:
    """Rows that did not count, as they stood in the file, kept outside memory until they are written down."""

    def __init__(self) -> None:
        self._spool: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 -- closed by `close`
        self._writer = csv.writer(self._spool)
        self.count = 0

    def add(self, row: int, cells: Sequence[str], reason: str) -> None:
        """One row and why."""
        self._writer.writerow([row, reason, *cells])
        self.count += 1

    def rows(self) -> Iterator[tuple[int, list[str], str]]:
        """All of them: (row of the file, its cells, why)."""
        self._spool.seek(0)
        for row, reason, *cells in csv.reader(self._spool):
            yield int(row), cells, reason

    def close(self) -> None:
        """Let go of the temporary file."""
        self._spool.close()
