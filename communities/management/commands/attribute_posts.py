from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from communities.services.feedback.attributing import attribute_days


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} 不是日期，请写成 2026-01-31") from None


class Command(BaseCommand):
    help = "重新统计某几天群发的效果（平时每小时自动统计）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("first", type=_day, help="第一天，如 2026-01-31")
        parser.add_argument("last", type=_day, nargs="?", help="最后一天（默认只算一天）")

    def handle(self, *_args: Any, **options: Any) -> None:
        first, last = options["first"], options["last"] or options["first"]
        done = attribute_days(first=first, last=last, at=timezone.now(), everything=True)
        if options["verbosity"]:
            self.stdout.write(f"已重新统计 {done.days} 天、{done.stores} 个门店日")
