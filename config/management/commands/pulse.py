"""`manage.py pulse`: who is alive behind the pages; with a name, an exit code for health checks."""

from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config import pulse


class Command(BaseCommand):
    help = "显示 beat 与各队列上次有动静是几秒前；给出名字则超过 --max-age 秒时以 1 退出"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="beat、fast、default 或 bulk")
        parser.add_argument("--max-age", type=int, default=180, help="允许的秒数（默认 180）")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            ages = pulse.ages(at=timezone.now())
        except redis.RedisError as error:
            raise CommandError(f"连不上 Redis（{type(error).__name__}）") from None
        name = options["name"]
        for known, age in sorted(ages.items()):
            if name in {None, known}:
                self.stdout.write(f"{known}：{age} 秒前")
        if name is not None and ages.get(name, options["max_age"] + 1) > options["max_age"]:
            raise CommandError(f"{name} 超过 {options['max_age']} 秒没有动静")
