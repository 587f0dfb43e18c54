"""What `manage.py bench` can measure. A bench leaves the database as it found it."""

from collections.abc import Callable
from typing import Any

from dashboard.benches.sales_import import bench_import

# name → (what it measures, for people; the bench: rows → figures)
BENCHES: dict[str, tuple[str, Callable[[int], dict[str, Any]]]] = {
    "import": ("导入销售流水：每秒行数，与同样列的 COPY 相比", bench_import),
}
