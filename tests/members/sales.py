"""Sales files for tests: written as a till would, imported as the command does."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from members.imports.fields import Switches
from members.imports.services import Outcome, SalesFile, import_purchases
from members.services.partitions import BUSINESS_ZONE

AT = datetime(2026, 2, 1, 12, tzinfo=BUSINESS_ZONE)
HEADER = ["门店编码", "小票号", "交易时间", "会员卡号", "商品编码", "数量", "单价", "实付金额"]
LINE = ["S1", "R1", "2026-01-05 09:03:00", "C1", "P1", "1", "10.00", "10.00"]


def row(**changes: str) -> list[str]:
    """The plain line, with some cells changed by the name of their column."""
    return [changes.get(name, cell) for name, cell in zip(HEADER, LINE, strict=True)]


def write_sales(
    folder: Path, rows: Iterable[Sequence[str]], *, header: Sequence[str] = HEADER, name: str = "sales.csv"
) -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def run_import(path: Path, *, at: datetime = AT, **options: Any) -> Outcome:
    """Import with the switches and the fields of `SalesFile` given by name; stores and products are created."""
    switches = Switches(**{name: options.pop(name, name.startswith("create")) for name in Switches.__slots__})
    left_out_to = options.pop("left_out_to", None)
    file = SalesFile(path=path, name=path.name, switches=switches, **options)
    return import_purchases(file=file, at=at, left_out_to=left_out_to)
