"""`manage.py bench NAME`: measure one of the jobs this platform promises to do fast."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dashboard.benches import BENCHES


class Command(BaseCommand):
    help = "性能测量。不留下任何数据。可以测：" + "；".join(f"{name}（{what}）" for name, (what, *_) in BENCHES.items())

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=BENCHES, metavar="NAME")
        parser.add_argument("--rows", type=int, help="数据量，不填则用各项自己的")
        parser.add_argument("--json", action="store_true")

    def handle(self, *_: Any, **options: Any) -> None:
        _what, rows, bench = BENCHES[options["name"]]
        figures = bench(options["rows"] or rows)
        if options["json"]:
            self.stdout.write(json.dumps(figures, ensure_ascii=False, indent=2))
            return
        for name, value in figures.items():
            parts = value if isinstance(value, dict) else {"": value}
            self.stdout.write(f"{name}: " + "  ".join(f"{key} {part}".strip() for key, part in parts.items()))
