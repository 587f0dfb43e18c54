"""How good recommendations are on real purchases, and how long a whole chain of them takes."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from tagging.evaluation.data import DataMissing
from tagging.evaluation.report import evaluate
from tagging.evaluation.speed import measure_speed


def bench_recommend(
    members: int, products: int, *, data: Path | None = None, predictions: Path | None = None
) -> dict[str, Any]:
    """With members: speed, beside a bare matrix product. Without: quality on a folder of real purchases.

    :raises CommandError: the folder is not there or not laid out so
    """
    if members:
        return measure_speed(members=members, products=products)
    folder = data or default_folder()
    if folder is None:
        raise CommandError("没有评估数据：用 --data 指定文件夹，或设置环境变量 FRUIT_DATA")
    try:
        return evaluate(folder, predictions=predictions)
    except DataMissing as missing:
        raise CommandError(str(missing)) from missing


def default_folder() -> Path | None:
    """The folder of FRUIT_DATA, else one beside the project."""
    import os

    named = os.environ.get("FRUIT_DATA")
    beside = settings.BASE_DIR.parent / "shared" / "data" / "fruit"
    return Path(named) if named else beside if beside.is_dir() else None
