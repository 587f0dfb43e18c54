from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from stores.models import Staff
from stores.services.tokens import SCOPES, create_token

_LONGEST_DAYS = 730


class Command(BaseCommand):
    help = "给另一个系统发一个接口令牌；令牌只显示这一次"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="令牌属于谁，就只看得到谁看得到的门店")
        parser.add_argument("--name", required=True, help="用途，例如 收银系统")
        parser.add_argument("--scope", action="append", choices=sorted(SCOPES), required=True, help="可以写多次")
        parser.add_argument("--days", type=int, default=365, help=f"多少天后到期，最多 {_LONGEST_DAYS}")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        staff = Staff.objects.filter(username=options["username"], is_active=True).first()
        if staff is None:
            raise CommandError(f"没有在职的员工账号 {options['username']}")
        if not 1 <= options["days"] <= _LONGEST_DAYS:
            raise CommandError(f"--days 要在 1 到 {_LONGEST_DAYS} 之间")
        now = timezone.now()
        token, secret = create_token(
            staff=staff, name=options["name"], scopes=options["scope"], at=now,
            expires_at=now + timedelta(days=options["days"]),
        )  # fmt: skip
        self.stderr.write(f"令牌「{token.name}」属于 {staff.name}，{token.expires_at:%Y-%m-%d} 到期。只显示这一次：")
        self.stdout.write(secret)
