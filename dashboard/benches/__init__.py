"""What `manage.py bench` can measure. A bench leaves the database as it found it."""

from collections.abc import Callable
from typing import Any

from dashboard.benches.callback import bench_callback
from dashboard.benches.sales_import import bench_import
from dashboard.benches.welcome import bench_welcome

# name → (what it measures, for people; rows by default; the bench: rows → figures)
BENCHES: dict[str, tuple[str, int, Callable[[int], dict[str, Any]]]] = {
    "import": ("导入销售流水：每秒行数，与同样列的 COPY 相比", 500_000, bench_import),
    "callback": ("接收回调：每秒次数与延迟，与空页面和单条 INSERT 相比", 6_000, bench_callback),
    "welcome": ("欢迎新客：5 万个任务排队时，20 秒内发出的比例与耗时", 1_000, bench_welcome),
}
