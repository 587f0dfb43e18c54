from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from metrics.services.rolling.days import roll_days


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} 不是日期，请写成 2026-01-31") from None


class Command(BaseCommand):
    help = "从事实重新汇总某几天的经营指标（平时每夜自动汇总，可以随时重复）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("day", type=_day, help="哪一天，如 2026-01-31")
        parser.add_argument("--through", type=_day, help="直到哪一天（默认只算一天）")

    def handle(self, *_args: Any, **options: Any) -> None:
        first, last, at = options["day"], options["through"] or options["day"], timezone.now()
        if last < first:
            raise CommandError("--through 早于开始的日期")
        if last > timezone.localdate(at):
            raise CommandError("还没到这一天")
        days = roll_days(first=first, last=last, at=at)
        if options["verbosity"]:
            self.stdout.write(f"已汇总 {len(days)} 天")
