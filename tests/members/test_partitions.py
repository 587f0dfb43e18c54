from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection

from members.models import Purchase
from members.services.partitions import BUSINESS_ZONE, ensure_partitions
from tests.members.sales import row, run_import, write_sales


def _buy(bought_at: datetime) -> Purchase:
    return Purchase.objects.create(
        store_id=1, product_id=1, source="pos", receipt="R1", line=1, bought_at=bought_at,
        quantity=Decimal(1), paid_fen=100,
    )  # fmt: skip


@pytest.mark.django_db
def test_purchase_at_the_first_moment_of_a_shanghai_month_lands_in_that_month():
    ensure_partitions(months=[date(2026, 1, 31), date(2025, 12, 1)])
    first = datetime(2026, 1, 1, tzinfo=BUSINESS_ZONE)

    _buy(first)
    _buy(first - timedelta(microseconds=1))

    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM members_purchase ORDER BY bought_at")
        assert cursor.fetchall() == [("members_purchase_2025_12",), ("members_purchase_2026_01",)]


@pytest.mark.django_db
def test_purchase_without_a_partition_is_refused_not_hidden():
    with pytest.raises(IntegrityError, match="no partition"):
        _buy(datetime(2031, 1, 1, tzinfo=BUSINESS_ZONE))


@pytest.mark.django_db
def test_import_fills_a_new_month_beside_an_existing_one_under_the_same_key(tmp_path):
    ensure_partitions(months=[date(2025, 12, 1)])
    moments = ["2025-12-31 23:59:59", "2026-01-01 00:00:00", "2026-01-31 23:59:59"]

    run_import(write_sales(tmp_path, [row(小票号=moment, 交易时间=moment) for moment in moments]))

    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, count(*) FROM members_purchase GROUP BY 1 ORDER BY 1")
        assert cursor.fetchall() == [("members_purchase_2025_12", 1), ("members_purchase_2026_01", 2)]
        cursor.execute(
            "SELECT indrelid::regclass::text, count(*) FROM pg_index i JOIN pg_inherits ON inhrelid = indrelid"
            " WHERE inhparent = 'members_purchase'::regclass AND indisvalid GROUP BY 1 ORDER BY 1"
        )
        # Months of tests that committed may stand beside them.
        assert {("members_purchase_2025_12", 2), ("members_purchase_2026_01", 2)} <= set(cursor.fetchall())
