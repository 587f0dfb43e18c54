"""`manage.py bench NAME`: measure one of the jobs this platform promises to do fast."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.benches import BENCHES, Bench

_SIZES = sorted({size for bench in BENCHES.values() for size in bench.sizes} - {"rows"})


class Command(BaseCommand):
    help = "性能测量。不留下任何数据。可以测：" + "；".join(
        f"{name}（{bench.what}）" for name, bench in BENCHES.items()
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=BENCHES, metavar="NAME")
        parser.add_argument("--rows", type=int, help="数据量，不填则用各项自己的")
        for size in _SIZES:
            owners = "、".join(name for name, bench in BENCHES.items() if size in bench.sizes)
            parser.add_argument(f"--{size}", type=int, help=f"{owners} 的数据量")
        for name, bench in BENCHES.items():
            for path, meaning in bench.paths.items():
                parser.add_argument(f"--{path}", type=Path, help=f"{name}：{meaning}")
        parser.add_argument("--json", action="store_true")

    def handle(self, *_: Any, **options: Any) -> None:
        bench = BENCHES[options["name"]]
        figures = bench.run(**_sizes(bench, options), **_paths(bench, options))
        if options["json"]:
            self.stdout.write(json.dumps(figures, ensure_ascii=False, indent=2))
            return
        for name, value in figures.items():
            if isinstance(value, dict) and "summary" in value:
                self.stdout.write(f"{name:16} {value['summary']}")
                continue
            parts = value if isinstance(value, dict) else {"": value}
            self.stdout.write(f"{name}: " + "  ".join(f"{key} {part}".strip() for key, part in parts.items()))


def _paths(bench: Bench, options: dict[str, Any]) -> dict[str, Path]:
    """:raises CommandError: a path this bench does not have"""
    foreign = [path for each in BENCHES.values() for path in each.paths if options[path] and path not in bench.paths]
    if foreign:
        raise CommandError(f"这一项没有 --{foreign[0]}")
    return {path: options[path] for path in bench.paths if options[path]}


def _sizes(bench: Bench, options: dict[str, Any]) -> dict[str, int]:
    """:raises CommandError: a size this bench does not have"""
    foreign = [size for size in _SIZES if options[size] and size not in bench.sizes]
    if foreign:
        raise CommandError(f"这一项没有 --{foreign[0]}，它有：" + "、".join(f"--{size}" for size in bench.sizes))
    first = next(iter(bench.sizes))
    given = {size: options[size] for size in bench.sizes} | ({first: options["rows"]} if options["rows"] else {})
    return {size: value or bench.sizes[size] for size, value in given.items()}
