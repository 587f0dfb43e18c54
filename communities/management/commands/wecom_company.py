import contextlib
import json
import os
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from communities.simulation.company import company_lines

_LABELS = {"department": "部门", "member": "成员", "customer": "客户", "follow": "好友关系", "group": "客户群"}


class Command(BaseCommand):
    help = "把样例连锁写成企业微信沙箱的公司（每行一个 JSON），供 wecom_sandbox --company 使用"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="写到哪里，如 company.jsonl")

    def handle(self, *_args: Any, file: Path, verbosity: int, **_options: Any) -> None:
        counts: Counter[str] = Counter()
        part = file.with_name(f"{file.name}.part")
        try:
            with part.open("w", encoding="utf-8") as out:
                for line in company_lines(at=timezone.now()):
                    counts.update(line.keys())
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")
            os.replace(part, file)  # noqa: PTH105 -- whole or not at all
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise CommandError(f"写不了 {file}：{error.strerror}") from error
        if verbosity:
            self.stdout.write("，".join(f"{_LABELS[kind]} {count:,}" for kind, count in counts.items()))
