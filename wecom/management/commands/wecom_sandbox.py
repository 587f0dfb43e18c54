from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from wecom.sandbox import server
from wecom.sandbox.world.errors import Impossible


class Command(BaseCommand):
    help = "运行企业微信沙箱：一个在本机的企业微信，数据在 .local/wecom-sandbox.sqlite3；仅供演示与测试"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="监听地址，默认只限本机")
        parser.add_argument("--port", type=int, default=8090, help="端口，默认 8090")
        parser.add_argument("--data", type=Path, help="数据文件")
        parser.add_argument("--platform", default="http://127.0.0.1:8000", help="店圈的地址：回调与登录都指向它")
        parser.add_argument("--company", type=Path, help="还没有成员时，先按这个文件（wecom_company 写的）建好公司")
        parser.add_argument(
            "--seed", type=int, nargs=3, metavar=("店长", "群", "客户"), help="还没有成员时，先生成这么大的一家公司"
        )

    def handle(
        self, *, host: str, port: int, data: Path | None, platform: str, company: Path | None,
        seed: list[int] | None, **_: Any,
    ) -> None:  # fmt: skip
        # Where the platform is configured, the sandbox is the company it is configured for.
        configured = {
            "corp_id": settings.WECOM_CORP_ID,
            "app_secret": settings.WECOM_SECRET,
            "agent_id": int(settings.WECOM_AGENT_ID or 0),
            "callback_token": settings.WECOM_TOKEN,
            "callback_aes_key": settings.WECOM_AES_KEY,
        }
        parts = urlsplit(platform)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CommandError("--platform 应以 http:// 或 https:// 开头，如 http://127.0.0.1:8000")
        chosen = {name: value for name, value in configured.items() if value} | {
            "public_base": f"http://{host}:{port}",
            "callback_url": f"{platform.rstrip('/')}/wecom/callback/",
            "trusted_domains": [parts.netloc, parts.netloc.replace("127.0.0.1", "localhost")],
        }
        try:
            server.refuse_production()
        except server.NotInProduction as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"企业微信沙箱：http://{host}:{port}/sandbox/")
        self.stdout.flush()
        path = data or Path(settings.BASE_DIR) / ".local" / "wecom-sandbox.sqlite3"
        size = dict(zip(("managers", "groups", "contacts"), seed, strict=True)) if seed else None
        try:
            server.serve(host=host, port=port, path=path, settings=chosen, company=company, size=size)
        except (Impossible, OSError, UnicodeDecodeError) as problem:
            raise CommandError(f"{company}：{problem}" if company else str(problem)) from None
