"""The whole simulation: one transaction, store after store, so that memory does not grow with the chain."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from members.models import Member
from members.services.partitions import ensure_partitions
from members.simulation.calendar import Period, period_of
from members.simulation.people import add_people
from members.simulation.purchases import add_purchases, simulate_store
from members.simulation.truth import truth_file
from stores.models import Product, Region, Staff, Store
from stores.simulation.chain import build_chain, share_out
from stores.simulation.indexes import rebuilt_afterwards
from stores.simulation.loading import Loader, reserve_ids
from stores.simulation.logins import DEMO_LOGINS
from stores.simulation.shelf import add_products, add_shelf, draw_shelf

_BULK_TABLES = ["members_member", "members_identity", "members_consent", "members_contact", "members_purchase"]

_LIMITS: dict[str, tuple[Any, Any]] = {
    "stores": (1, 20_000),
    "members": (0, 50_000_000),
    "months": (1, 60),
    "seed": (0, 2**32 - 1),
    "purchasing-share": (0, 1),
    "until": (date(2015, 1, 1), date(2099, 12, 31)),
}


class SimulationRefused(Exception):
    """The database or the arguments do not allow a simulation; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was written: rows by table, and the period of the purchases."""

    rows: dict[str, int]
    start: date
    until: date
    demo_store: str


@transaction.atomic
def simulate(
    *,
    stores: int,
    members: int,
    months: int,
    seed: int,
    until: date,
    purchasing_share: float = 1.0,
    truth: Path | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> Simulated:
    """Write a made-up fruit chain whose purchases end with the business day `until`.

    All of it in one transaction: an interrupted run leaves nothing. The same arguments give the same data, but for
    ciphertexts and password hashes, which are salted. `purchasing_share` of the members get purchases.

    :raises SimulationRefused: the database holds a chain already, or an argument makes no sense
    """
    _check(
        {"stores": stores, "members": members, "months": months, "seed": seed, "purchasing-share": purchasing_share,
         "until": until}
    )  # fmt: skip
    with connection.cursor() as cursor:
        # A second simulation waits here and then finds the first one's stores.
        cursor.execute("LOCK TABLE stores_store IN SHARE ROW EXCLUSIVE MODE")
    _refuse_if_occupied()
    period = period_of(until=until, months=months)
    _ensure_partitions(period)
    with contextlib.ExitStack() as stack:
        stack.enter_context(rebuilt_afterwards(_BULK_TABLES))
        loader = stack.enter_context(Loader())
        chain = build_chain(loader=loader, stores=stores, seed=seed, until=until)
        product_ids = add_products(loader)
        writer = None
        if truth is not None:
            args = {"stores": stores, "members": members, "months": months, "seed": seed, "until": str(until),
                    "purchasing_share": purchasing_share}  # fmt: skip
            writer = stack.enter_context(truth_file(truth, args=args, stores=chain.stores, period=period))
        first_id = reserve_ids("members_member", members)
        position = 0
        for store, count in zip(chain.stores, share_out([store.size for store in chain.stores], members), strict=True):
            shelf = draw_shelf(store=store, seed=seed)
            add_shelf(loader=loader, store=store, shelf=shelf, product_ids=product_ids, until=until, seed=seed)
            people = add_people(
                loader=loader, store=store, first_id=first_id + position, first_position=position, count=count,
                seed=seed, until=until,
            )  # fmt: skip
            ledger, blocks = simulate_store(
                store=store, people=people, shelf=shelf, period=period, seed=seed, purchasing_share=purchasing_share
            )
            add_purchases(
                loader=loader, store=store, ledger=ledger, period=period, first_member_id=people.first_id,
                product_ids=product_ids,
            )  # fmt: skip
            if writer is not None:
                writer.write_store(store, people, blocks)
            position += count
            progress(store.index + 1)
    with connection.cursor() as cursor:
        # Autovacuum never analyses a partitioned parent, and the first pages come before it has seen the rest.
        cursor.execute(f"ANALYZE {', '.join(_BULK_TABLES)}")
    return Simulated(rows=loader.rows, start=period.start, until=until, demo_store=chain.demo_store.name)


def _check(args: dict[str, Any]) -> None:
    for name, (low, high) in _LIMITS.items():
        if not low <= args[name] <= high:
            raise SimulationRefused(f"--{name} 应在 {low} 到 {high} 之间，现在是 {args[name]}")


def _refuse_if_occupied() -> None:
    if settings.PRODUCTION:
        raise SimulationRefused("生产环境不能生成样例数据：样例账号的密码是公开的")
    for label, rows in {
        "门店": Store.objects, "区域": Region.objects, "商品": Product.objects, "会员": Member.objects,
    }.items():  # fmt: skip
        if rows.exists():
            raise SimulationRefused(f"数据库里已有{label}，样例数据只写入空库；演示环境可用 make demo RESET=1 重来")
    taken = sorted(Staff.objects.filter(username__in=DEMO_LOGINS).values_list("username", flat=True))
    if taken:
        raise SimulationRefused(f"账号 {'、'.join(taken)} 已存在，样例数据需要这些账号")


def _ensure_partitions(period: Period) -> None:
    days = (period.start + timedelta(days=i) for i in range(period.days))
    ensure_partitions(months={day.replace(day=1) for day in days})
