"""What the commands that import a file have in common."""

import json
import os
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from stores.imports_registry import ImportFailed, handler_for
from stores.models import ImportJob, Store
from stores.services.imports import Order, import_file
from stores.sheets.errors import SheetError


class ImportCommand(BaseCommand):
    """`FILE [--dry-run] [--report R.json] [--rejected R.xlsx]` and one flag for each option of the kind."""

    kind: str
    takes_store = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV（可 gzip）、TSV 或 XLSX")
        parser.add_argument("--sheet", default="", help="工作表名称（默认自动选择）")
        parser.add_argument("--dry-run", action="store_true", help="只检查并出报告，不写入")
        parser.add_argument("--report", type=Path, help="把报告写成 JSON")
        parser.add_argument("--rejected", type=Path, help="把未导入的行写成表格（.xlsx）")
        if self.takes_store:
            parser.add_argument("--store", default="", help="文件属于这家门店（门店编码），文件里可以没有门店列")
        for option in handler_for(self.kind).options:
            flag = f"--{option.key.replace('_', '-')}"
            parser.add_argument(flag, action="store_true", dest=option.key, help=option.help or option.label)

    def handle(self, *_args: Any, file: Path, **given: Any) -> None:
        for target in (given["report"], given["rejected"]):
            _require_writable(target)
        handler = handler_for(self.kind)
        options = {option.key: given[option.key] for option in handler.options} | {"sheet": given["sheet"]}
        store = None
        if given.get("store"):
            store = Store.objects.filter(code=given["store"]).first()
            if store is None:
                raise CommandError(f"没有门店编码 {given['store']}")
        order = Order(options=options, store=store, dry_run=given["dry_run"])
        try:
            job = import_file(kind=self.kind, path=file, clock=timezone.now, order=order)
        except (SheetError, ImportFailed) as refused:
            raise CommandError(f"{refused}\n没有写入任何数据") from refused
        if given["report"]:
            given["report"].write_text(json.dumps(job.report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if job.rejected_file and given["rejected"]:
            shutil.copyfile(job.rejected_file.path, given["rejected"])
        if job.rejected_file and given["dry_run"]:
            job.rejected_file.delete(save=False)
        self.stdout.write(f"{file.name}{'（试运行，没有写入）' if given['dry_run'] else ''}")
        self._say(job)

    def _say(self, job: ImportJob) -> None:
        labels = handler_for(self.kind).report_labels
        for key, value in job.report.items():
            label = labels.get(key, key)
            if isinstance(value, dict):
                for reason, count in value.items():
                    self.stdout.write(f"  {reason}：{count}")
            else:
                self.stdout.write(f"{label}：{'无' if value is None else value}")
        for warning in job.options.get("warnings", ()):
            self.stdout.write(f"注意：{warning}")


def _require_writable(target: Path | None) -> None:
    """Refuse a place nothing can be written to before the file is imported, not after.

    :raises CommandError: it is a directory, or in none, or not ours
    """
    if target is None:
        return
    if target.is_dir() or not os.access(target if target.exists() else target.parent, os.W_OK):
        raise CommandError(f"「{target}」写不了：文件夹不存在，或没有权限\n没有写入任何数据")
