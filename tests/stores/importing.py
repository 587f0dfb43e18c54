"""What tests of imports share: files as tills write them, and a queue that only remembers."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from stores import tasks

HEADER = ("门店编码", "小票号", "交易时间", "会员卡号", "商品编码", "商品名称", "数量", "单价", "实付金额", "支付方式")
now = timezone.now


def sales_file(path: Path, *, store: str, product: str, rows: int, encoding: str = "utf-8") -> Path:
    """One receipt a row, one member, two kilos at a time."""
    start = datetime(2026, 9, 1, 9, 3)  # noqa: DTZ001 -- a till's clock knows no time zone
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for index in range(rows):
            at = start + timedelta(hours=7 * index)
            writer.writerow(
                [
                    store,
                    f"R{index:06d}",
                    f"{at:%Y/%m/%d %H:%M}",
                    "88005678",
                    product,
                    "红富士苹果",
                    "2",
                    "9.80",
                    "19.60",
                    "微信",
                ]
            )
    return path


def queued_only(monkeypatch: Any) -> list[int]:
    """Let tasks reach no broker; the ids of the jobs that were queued are in the list."""
    queued: list[int] = []
    monkeypatch.setattr(tasks.bulk_import, "delay_on_commit", lambda *, job_id: queued.append(job_id))
    return queued
