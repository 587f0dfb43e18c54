"""A line counts once: in a file, over files, in any order, from two workers, after a kill."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.imports import services
from members.models import Member, Purchase
from members.selectors.purchase_totals import overall_totals, store_day_totals
from tests.members.sales import HEADER, row, run_import, write_sales
from tests.racing import race


def _state():
    """All that purchases say of themselves, and how many members there are."""
    return [*store_day_totals(), overall_totals(), Member.objects.count()]


@pytest.mark.django_db
def test_identical_lines_count_once_and_the_report_calls_them_duplicates(tmp_path):
    report = run_import(write_sales(tmp_path, [row(), row(), row()])).report

    assert (report.accepted, report.duplicates, report.paid_fen) == (1, 2, 1000)


@pytest.mark.django_db
def test_identical_lines_count_each_with_the_switch_and_once_more_imported_change_nothing(tmp_path):
    path = write_sales(tmp_path, [row(), row(), row()])

    first = run_import(path, separate_identical=True).report
    again = run_import(path, separate_identical=True).report

    assert (first.accepted, again.accepted, again.duplicates) == (3, 0, 3)
    assert overall_totals()["net_fen"] == 3000


@pytest.mark.django_db
def test_same_product_with_another_weight_or_price_is_another_line(tmp_path):
    rows = [row(), row(数量="2"), row(单价="9.00"), row(实付金额="9.00"), row(数量="-1", 实付金额="-10.00")]

    assert run_import(write_sales(tmp_path, rows)).report.accepted == 5


@pytest.mark.django_db
def test_own_line_numbers_tell_identical_lines_apart_and_say_when_contents_differ(tmp_path):
    header = [*HEADER, "行号"]
    rows = [[*row(), "1"], [*row(), "2"], [*row(实付金额="11"), "2"]]

    first = run_import(write_sales(tmp_path, rows, header=header)).report
    again = run_import(write_sales(tmp_path, rows[::-1], header=header)).report

    assert (first.accepted, first.duplicates, again.accepted) == (2, 1, 0)


@pytest.mark.django_db
def test_line_exported_with_its_time_and_later_with_its_day_only_counts_once(tmp_path):
    run_import(write_sales(tmp_path, [row(交易时间="2026-01-31 23:30:00")]))

    report = run_import(write_sales(tmp_path, [row(交易时间="2026-01-05")])).report

    assert (report.accepted, report.duplicates) == (0, 1)


@pytest.mark.django_db
def test_receipt_numbers_that_restart_daily_are_warned_of_and_told_apart_on_request(tmp_path):
    path = write_sales(tmp_path, [row(小票号="0001"), row(小票号="0001", 交易时间="2026-01-06")])

    warned = run_import(path)
    told_apart = run_import(path, receipt_restarts_daily=True)

    assert (warned.report.accepted, len(warned.warnings)) == (1, 1)
    assert (told_apart.report.accepted, told_apart.warnings) == (2, [])


def _forget_everything():
    for table in ("members_purchase", "members_identity", "members_membermerge", "members_member"):
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 -- the names are just above


CELLS = st.fixed_dictionaries({
    "门店编码": st.sampled_from(["S1", "S2"]), "小票号": st.sampled_from(["1", "2", "3"]),
    "交易时间": st.sampled_from(["2026-01-05", "2025-12-31 23:59:59", "2026-01-05 08:00:00"]),
    "会员卡号": st.sampled_from(["C1", "C2", "13800138000", "/"]), "商品编码": st.sampled_from(["P1", "P2"]),
    "数量": st.sampled_from(["1", "2.5", "-1"]), "实付金额": st.sampled_from(["3.33", "-3.33", "0"]),
})  # fmt: skip


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(CELLS, min_size=1, max_size=25), chance=st.randoms(use_true_random=False))
def test_importing_again_shuffled_and_overlapping_changes_nothing(tmp_path, rows, chance):
    _forget_everything()
    rows = [row(**cells) for cells in rows]
    run_import(write_sales(tmp_path, rows))
    before = _state()

    run_import(write_sales(tmp_path, chance.sample(rows, len(rows))))
    run_import(write_sales(tmp_path, chance.choices(rows, k=len(rows))))

    assert _state() == before


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(CELLS, min_size=2, max_size=25), chance=st.randoms(use_true_random=False))
def test_order_of_rows_in_a_file_makes_no_difference(tmp_path, rows, chance):
    rows = [row(**cells) for cells in rows]
    states = []
    for order in (rows, chance.sample(rows, len(rows))):
        _forget_everything()
        run_import(write_sales(tmp_path, order))
        states.append(_state())

    assert states[0] == states[1]


def _racing_imports(tmp_path):
    """Two exports of one sale, with and without its time of day, so that the primary key cannot tell them."""
    paths = [
        write_sales(tmp_path, [row(小票号=str(n), 交易时间=time) for n in range(50)], name=f"{index}.csv")
        for index, time in enumerate(("2026-01-05", "2026-01-05 09:00:00"))
    ]
    run_import(write_sales(tmp_path, [row(小票号="seed")]))  # stores, products and the month are there
    return race(*(partial(run_import, path) for path in paths))


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_the_same_sales_at_once_count_them_once(tmp_path):
    outcomes = _racing_imports(tmp_path)

    assert sorted(outcome.report.accepted for outcome in outcomes) == [0, 50]
    assert Purchase.objects.count() == 51


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_same_race_counts_sales_twice(tmp_path, monkeypatch):
    import threading

    meet = threading.Barrier(2)
    really = services.repetitions.find_in_database
    monkeypatch.setattr(services, "lock_source", lambda **_: None)

    def look_then_meet(*, source):
        really(source=source)
        if threading.current_thread() is not threading.main_thread():
            meet.wait(30)

    monkeypatch.setattr(services.repetitions, "find_in_database", look_then_meet)

    _racing_imports(tmp_path)

    assert Purchase.objects.count() == 101


KILLED = """
import os, signal, sys
from pathlib import Path
import django
django.setup()
from members.imports import services
from tests.members.sales import run_import
inserted = services._Import._write
def die_after_writing(self):
    inserted(self)
    os.kill(os.getpid(), signal.SIGKILL)
services._Import._write = die_after_writing
run_import(Path(sys.argv[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_kill_in_the_last_moment_leaves_nothing_and_the_next_try_everything(tmp_path):
    path = write_sales(tmp_path, [row(小票号=str(n)) for n in range(30)])
    to = connection.settings_dict
    login = f"{to['USER']}:{to['PASSWORD']}"
    server = f"{login}@{to['HOST']}:{to['PORT'] or 5432}/{to['NAME']}"
    if to["HOST"].startswith("/"):
        server = f"{login}@/{to['NAME']}?host={to['HOST']}"
    root = Path(services.__file__).parents[2]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(root), "DATABASE_URL": f"postgresql://{server}",
    }  # fmt: skip

    killed = subprocess.run([sys.executable, "-c", KILLED, path], env=environment, cwd=root, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert (Purchase.objects.count(), Member.objects.count()) == (0, 0)
    assert run_import(path).report.accepted == 30
