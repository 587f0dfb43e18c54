from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection

from members.models import Purchase
from members.services.partitions import BUSINESS_ZONE, ensure_partitions


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
