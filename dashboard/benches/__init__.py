"""What `manage.py bench` can measure. A bench leaves the database as it found it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.benches.boards import bench_boards
from dashboard.benches.callback import bench_callback
from dashboard.benches.claim import bench_claim
from dashboard.benches.dashboard import bench_dashboard
from dashboard.benches.lift import bench_lift
from dashboard.benches.live_list import bench_live_list
from dashboard.benches.recommending import bench_recommend
from dashboard.benches.sales_import import bench_import
from dashboard.benches.slot import bench_slot
from dashboard.benches.sync import bench_sync
from dashboard.benches.welcome import bench_welcome


@dataclass(frozen=True, slots=True)
class Bench:
    """`what` it measures, for people; `sizes` are its options and their defaults, the first also called `--rows`;
    `paths` are options that name a file or a folder, and what they mean.
    """

    what: str
    sizes: Mapping[str, int]
    run: Callable[..., dict[str, Any]]
    paths: Mapping[str, str] = field(default_factory=dict)


BENCHES: dict[str, Bench] = {
    "import": Bench("导入销售流水：每秒行数，与同样列的 COPY 相比", {"rows": 500_000}, bench_import),
    "callback": Bench("接收回调：每秒次数与延迟，与空页面和单条 INSERT 相比", {"requests": 6_000}, bench_callback),
    "welcome": Bench("欢迎新客：5 万个任务排队时，20 秒内发出的比例与耗时", {"newcomers": 1_000}, bench_welcome),
    "sync": Bench(
        "全量核对：调用次数、用时与内存，中途杀两次，与只调接口相比",
        {"groups": 800, "contacts": 20_000},
        bench_sync,
    ),
    "slot": Bench(
        "一天的时段：生成任务、发布一个时段，与裸 INSERT 和裸 HTTP 相比",
        {"owners": 5_000, "groups": 16_000},
        bench_slot,
    ),
    "recommend": Bench(
        "推荐：在真实购买上的命中率，与常用算法相比；给出 --members 则测全量重算的速度",
        {"members": 0, "products": 300},
        bench_recommend,
        paths={"data": "真实购买数据的文件夹（默认 FRUIT_DATA）", "predictions": "把每个问题的十个推荐写成 CSV"},
    ),
    "board": Bench(
        "接龙名单实时刷新：几千人同时看时，一次接龙多久能看到，与轮询相比", {"viewers": 5_000}, bench_live_list
    ),
    "claim": Bench(
        "下单：一个热门接龙与 500 个接龙，与 pgbench 发同样的 SQL 相比", {"seconds": 8, "rounds": 3}, bench_claim
    ),
    "dashboard": Bench(
        "经营指标：总览、排名、门店页要多久，与空页面相比；一天的汇总与 30 天的重算",
        {"stores": 5_000, "days": 365},
        bench_dashboard,
    ),
    "boards": Bench("今日与执行：打开要多久，与空页面相比", {"stores": 5_000}, bench_boards),
    "lift": Bench(
        "进群提升：区间含真值的次数、偏差与宽度，与原始对比相比；--members 是每店会员",
        {"seeds": 100, "members": 800},
        bench_lift,
    ),
}
