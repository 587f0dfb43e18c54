from datetime import date, datetime

import pytest

from members.services.partitions import BUSINESS_ZONE
from metrics.models import StoreTally
from metrics.selectors.reading import Period, of_stores, ranking, total, trend
from metrics.services.rolling.days import roll_day
from stores.models import Store
from tests.factories import CustomerGroupFactory, MemberFactory, purchase

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 10)


def _at(hour, minute=0, second=0, day=DAY):
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=BUSINESS_ZONE)


def test_a_days_sales_become_gmv_and_aov():
    group = CustomerGroupFactory()
    member = MemberFactory(home_store=group.store)
    purchase(member=member, bought_at=_at(9), paid_fen=3000)
    purchase(store=group.store, bought_at=_at(23, 59, 59), paid_fen=1000)
    purchase(store=group.store, bought_at=_at(0, 0, 0, day=date(2026, 3, 11)), paid_fen=77)

    roll_day(day=DAY, at=_at(3, day=date(2026, 3, 11)))
    roll_day(day=DAY, at=_at(3, day=date(2026, 3, 11)))

    readings = of_stores(["gmv", "aov", "execution_rate"], Period(DAY, DAY), Store.objects.all())
    assert readings[group.store_id]["gmv"].value == 4000
    assert readings[group.store_id]["aov"].value == 2000
    assert readings[group.store_id]["execution_rate"].value is None
    assert total(["gmv"], Period(DAY, DAY), Store.objects.all())["gmv"].value == 4000
    assert [(day, one["gmv"].value) for day, one in trend(["gmv"], Period(DAY, DAY), Store.objects.all())] == [
        (DAY, 4000)
    ]
    assert [(s.pk, s.value) for s in ranking("aov", Period(DAY, DAY), Store.objects.all())] == [
        (group.store_id, 2000.0)
    ]
    assert StoreTally.objects.count() == 1
