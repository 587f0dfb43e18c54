"""How fast a sales file is imported, beside a bare COPY of the same columns in the same run."""

import csv
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from members.imports.services import Outcome, SalesFile, import_purchases
from members.services.partitions import BUSINESS_ZONE
from stores.models import Product, Region, Store

# Far from any real purchase, so that the months begin empty whatever the database holds.
_FIRST = datetime(2098, 1, 1, 7, tzinfo=BUSINESS_ZONE)
_AT = datetime(2099, 12, 1, tzinfo=BUSINESS_ZONE)
_HEADER = (
    "门店编码",
    "小票号",
    "交易时间",
    "会员卡号/手机号",
    "商品编码",
    "商品名称",
    "数量",
    "单价",
    "实付金额",
    "支付方式",
)
_COLUMNS = (
    "store_id, line, bought_at, member_id, product_id, unit_price_fen, paid_fen, campaign_id, import_job_id,"
    " quantity, receipt, source, unit, payment"
)
_COPY = f"COPY bench_copy ({_COLUMNS}) FROM STDIN ({{}})"
_FORMS = ("FORMAT text", "FORMAT binary")
_ROUNDS = 3
_BLOCK = 1 << 18
_STORES = [f"BENCH{n:04d}" for n in range(200)]
_PRODUCTS = [f"BENCH{n:05d}" for n in range(400)]
_WEIGHED, _RETURNED = 0.6, 0.01


def bench_import(rows: int) -> dict[str, Any]:
    """Import a file into new months, another one into the same months, and the first once more.

    The bar is a COPY of the very rows of the first import, streamed from a file into a logged table without any
    index, as text or binary, whichever is faster. Import and bar alternate; of three rounds, each in a transaction
    that is rolled back, the middle one by its share of the bar is shown for each kind of import.
    """
    with tempfile.TemporaryDirectory(prefix="bench-import-") as folder:
        first, second = Path(folder, "first.csv"), Path(folder, "second.csv")
        _write_sales(first, rows, seed=1)
        _write_sales(second, rows, seed=2)
        rounds = [_round(first, second, Path(folder)) for _ in range(_ROUNDS)]
    middle = {
        name: sorted((figures[name] for figures in rounds), key=lambda one: float(one["share_of_copy"]))[_ROUNDS // 2]
        for name in ("new_months", "same_months", "again")
    }
    return {"rows": rows, **middle, "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def _round(first: Path, second: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """Each kind of import once, beside the fastest COPY of the round."""
    with transaction.atomic():
        _stock_catalogue()
        outcome, new_months = _timed_import(first)
        accepted = outcome.report.accepted
        bars = [_timed_copy(folder / form, form, accepted) for form in _FORMS]
        _, same_months = _timed_import(second)
        _, again = _timed_import(first)
        bars += [_timed_copy(folder / form, form, accepted) for form in _FORMS]
        transaction.set_rollback(True)
    for form in _FORMS:
        (folder / form).unlink()
    copied = accepted / min(bars)
    kinds = {"new_months": new_months, "same_months": same_months, "again": again}
    for figures in kinds.values():
        figures["copy_rows_per_second"] = round(copied)
        figures["share_of_copy"] = round(figures["rows_per_second"] / copied, 3)
    return kinds


def _timed_import(path: Path) -> tuple[Outcome, dict[str, Any]]:
    """An import with the checks of references that its commit would do."""
    began, busy = time.perf_counter(), time.process_time()
    outcome = import_purchases(file=SalesFile(path=path, name=path.name), at=_AT)
    imported = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    took = time.perf_counter() - began
    outcome.seconds["check_references"] = time.perf_counter() - imported
    report = outcome.report
    figures = {
        "rows_per_second": round(report.rows / took),
        "seconds": round(took, 2),
        "python_cpu_microseconds_per_row": round((time.process_time() - busy) / report.rows * 1e6, 2),
        "phases": {name: round(seconds, 2) for name, seconds in outcome.seconds.items()},
        "accepted": report.accepted, "duplicates": report.duplicates, "rejected": report.rejected,
        "members_new": report.members_new,
    }  # fmt: skip
    return outcome, figures


def _timed_copy(path: Path, form: str, expected: int) -> float:
    """Seconds to COPY what the first import wrote."""
    with connection.cursor() as cursor:
        if not path.exists():
            source = f"COPY (SELECT {_COLUMNS} FROM members_purchase WHERE bought_at >= '{_FIRST}') TO STDOUT ({form})"  # noqa: S608 -- constants
            with path.open("wb") as stream, cursor.copy(source) as copy:
                stream.writelines(copy)
        cursor.execute("DROP TABLE IF EXISTS bench_copy")
        cursor.execute(f"CREATE TABLE bench_copy AS SELECT {_COLUMNS} FROM members_purchase WITH NO DATA")  # noqa: S608 -- constants
        began = time.perf_counter()
        with path.open("rb") as stream, cursor.copy(_COPY.format(form)) as copy:
            while block := stream.read(_BLOCK):
                copy.write(block)
        took = time.perf_counter() - began
        if cursor.rowcount != expected:
            raise AssertionError(f"copied {cursor.rowcount} rows of {expected}")
    return took


def _stock_catalogue() -> None:
    """The stores and products of the files."""
    region = Region.objects.create(code="BENCH", name="测速", path="BENCH/")
    Store.objects.bulk_create(Store(code=code, name=code, region=region) for code in _STORES)
    Product.objects.bulk_create(Product(code=code, name=code) for code in _PRODUCTS)


def _write_sales(path: Path, rows: int, *, seed: int) -> None:
    """A file as a chain's till writes it: weighed and counted goods, members and others, some returns."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_HEADER)
        writer.writerows(_sales(rows, random.Random(seed), seed=seed))  # noqa: S311 -- not a secret


def _sales(rows: int, chance: random.Random, *, seed: int) -> Iterator[list[str]]:
    products = [(code, f"水果{code}", chance.randrange(300, 6000), chance.random() < _WEIGHED) for code in _PRODUCTS]
    written = 0
    # Two months of sales whatever the number of rows.
    pace = timedelta(days=58) / max(rows // 2, 1)
    moment = _FIRST
    while written < rows:
        moment += pace
        store = chance.choice(_STORES)
        receipt = f"{moment:%Y%m%d}{store}{seed}{written:08d}"
        text = f"{moment:%Y-%m-%d %H:%M:%S}"
        person = chance.randrange(rows // 8 + 1)
        member = chance.choice((f"8{person:09d}", f"8{person:09d}", f"138{person:08d}", "", "非会员"))
        payment = chance.choice(("微信", "支付宝", "现金"))
        for _ in range(min(chance.choice((1, 1, 2, 3, 4)), rows - written)):
            code, name, price, weighed = chance.choice(products)
            quantity = round(chance.uniform(0.2, 3), 3) if weighed else chance.choice((1, 1, 1, 2))
            paid = round(price * quantity) / 100
            if chance.random() < _RETURNED:
                quantity, paid = -quantity, -paid
            yield [
                store,
                receipt,
                text,
                member,
                code,
                name,
                f"{quantity:g}",
                f"{price / 100:.2f}",
                f"{paid:.2f}",
                payment,
            ]
            written += 1
