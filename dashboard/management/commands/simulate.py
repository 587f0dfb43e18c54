"""`manage.py simulate`: fill an empty database with a believable fruit chain (docs/decisions/0005-sample-data.md)."""

import argparse
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from members.simulation.run import SimulationRefused, simulate
from metrics.services.rolling.days import roll_days
from stores.simulation.logins import DEMO_LOGINS, DEMO_PASSWORD
from tagging.simulation.tastes import taste_sample_chain

_LABELS = {
    "stores_region": "区域",
    "stores_store": "门店",
    "stores_staff": "员工",
    "stores_product": "商品",
    "stores_storeproduct": "门店商品",
    "members_member": "会员",
    "members_identity": "会员标识",
    "members_consent": "同意记录",
    "members_contact": "联系人",
    "members_purchase": "购买记录",
}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} 不是日期，请写成 2026-01-31") from None


class Command(BaseCommand):
    help = "生成样例数据：一家水果连锁的门店、员工、商品、会员与购买记录（只写入空库，一次事务）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stores", type=int, default=30, help="门店数（默认 30）")
        parser.add_argument("--members", type=int, default=6000, help="会员数（默认 6000）")
        parser.add_argument("--months", type=int, default=6, help="购买记录的月数（默认 6）")
        parser.add_argument("--seed", type=int, default=7, help="随机种子：相同的参数得到相同的数据（默认 7）")
        parser.add_argument("--until", type=_day, help="购买记录的最后一天（默认昨天），如 2026-01-31")
        parser.add_argument(
            "--purchasing-share", type=float, default=1.0, help="有购买记录的会员比例 0–1（默认 1；大规模时可用 0.05）"
        )
        parser.add_argument(
            "--rolled-days",
            type=int,
            default=28,
            help="末尾多少天汇总好经营指标（默认 28；大规模时用 0，再用 rollup 补）",
        )
        parser.add_argument("--truth", type=Path, help="把隐藏的真值（口味、效应）写入这个 JSON 文件")

    def handle(self, *_args: Any, **options: Any) -> None:
        yesterday = timezone.localdate() - timedelta(days=1)
        until = options["until"] or yesterday
        if until > yesterday:
            raise CommandError(f"--until 最晚是昨天 {yesterday}：购买记录不能在将来")

        def progress(done: int) -> None:
            if options["verbosity"] and done % 500 == 0:
                self.stdout.write(f"已生成 {done} 家门店")

        try:
            result = simulate(
                stores=options["stores"],
                members=options["members"],
                months=options["months"],
                seed=options["seed"],
                until=until,
                purchasing_share=options["purchasing_share"],
                truth=options["truth"],
                progress=progress,
            )
        except SimulationRefused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"写不了真值文件 {options['truth']}：{error.strerror}") from error
        taste_sample_chain(seed=options["seed"], at=timezone.now())
        if options["rolled_days"]:
            first = max(result.start, result.until - timedelta(days=options["rolled_days"] - 1))
            roll_days(first=first, last=result.until, at=timezone.now())
        if options["verbosity"]:
            counts = "，".join(f"{_LABELS[table]} {count:,}" for table, count in result.rows.items())
            self.stdout.write(f"样例数据已写入（购买 {result.start} 至 {result.until}）：{counts}")
            self.stdout.write(f"登录：{' / '.join(DEMO_LOGINS)}，密码 {DEMO_PASSWORD}，演示门店 {result.demo_store}")
