from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from stores.models import Staff
from stores.services.second_factor import reset_second_factor


class Command(BaseCommand):
    help = "忘掉一个人的手机与恢复码：给手机和恢复码都丢了的管理员；下次用密码登录时重新绑定"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="账号")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        staff = Staff.objects.filter(username=options["username"]).first()
        if staff is None:
            raise CommandError(f"没有账号 {options['username']}")
        if not reset_second_factor(staff=staff, actor=None, at=timezone.now()):
            raise CommandError(f"{staff.name} 没有绑定过手机")
        self.stdout.write(f"{staff.name} 的两步验证已重置")
