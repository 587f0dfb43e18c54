"""`manage.py recommend`: work out what to offer every member, and write it to a file on request."""

import os
from argparse import ArgumentTypeError
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tagging.recommending.ranking import Task
from tagging.services.exporting import export_recommendations
from tagging.services.learning import NothingToLearnFrom
from tagging.services.recommending import recommend_everybody


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} 不是日期，请写成 2026-01-31") from None


class Command(BaseCommand):
    help = "重新计算每位会员的口味和推荐（没买过的、该复购的），可导出成表格"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=_day, help="只用到这一天晚上为止的购买，默认昨天")
        parser.add_argument("--task", choices=[str(task) for task in Task], default=str(Task.NEW),
                            help="导出哪一份：new 没买过的（默认），repeat 该复购的")  # fmt: skip
        parser.add_argument("--export", type=Path, help="写成 CSV：member,rank,product,score,reason")

    def handle(self, *_: Any, **options: Any) -> None:
        now = timezone.localtime()
        as_of = options["as_of"] or now.date() - timedelta(days=1)
        if as_of > now.date():
            raise CommandError(f"--as-of 不能在将来：今天是 {now.date()}")
        target = options["export"]
        if target and (target.is_dir() or not os.access(target if target.exists() else target.parent, os.W_OK)):
            raise CommandError(f"「{target}」写不了：文件夹不存在，或没有权限")
        try:
            count = recommend_everybody(as_of=as_of, at=now)
        except NothingToLearnFrom as nothing:
            raise CommandError("还没有商品，没有什么可推荐的") from nothing
        self.stdout.write(f"截至 {as_of}，已为 {count:,} 位会员算好口味和推荐")
        if target:
            rows = export_recommendations(
                path=target, task=Task(options["task"]), by=None, at=now, today=as_of + timedelta(days=1)
            )
            self.stdout.write(f"已导出 {rows:,} 行：{target}")
