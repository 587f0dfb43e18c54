from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import assets


class Command(BaseCommand):
    help = "把前端资源（Bootstrap、ECharts、企业微信 JS-SDK）按锁定的版本取到 .local/vendor；已是最新则什么也不做"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="即使已是最新也重新取")

    def handle(self, *, force: bool, **_: object) -> None:
        try:
            fetched = assets.provide(force=force)
        except assets.AssetsUnavailable as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write("前端资源已更新" if fetched else "前端资源已是最新")
