from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.core.management import call_command

from members.models import Identity, Member, Purchase
from members.services.identities import IdentityTaken, UnusableIdentity, attach_identity, identify_member
from members.services.partitions import BUSINESS_ZONE
from members.services.purchases import ContradictorySigns, PurchaseLine, record_purchases
from stores.models import AuditEntry
from tests.factories import ProductFactory, StoreFactory
from tests.members.sales import AT, row, run_import, write_sales
from tests.racing import race


def _line(**changes):
    store, product = StoreFactory(), ProductFactory()
    line = PurchaseLine(
        source="campaign", store_id=store.pk, receipt="A1", line=1, bought_at=AT, product_id=product.pk,
        quantity=Decimal(2), paid_fen=300, campaign_id=7,
    )  # fmt: skip
    return replace(line, **changes)


@pytest.mark.django_db
def test_record_purchases_repeated_at_another_time_changes_nothing():
    line = _line()

    written = [
        record_purchases(lines=[line]),
        record_purchases(lines=[replace(line, bought_at=AT + timedelta(days=40))]),
    ]

    assert written == [1, 0]
    assert Purchase.objects.get().bought_at == AT


@pytest.mark.django_db
def test_record_purchases_takes_a_refund_under_its_own_line_number():
    line = _line()

    record_purchases(lines=[line, replace(line, line=2, quantity=Decimal(-2), paid_fen=-300)])

    assert sum(Purchase.objects.values_list("paid_fen", flat=True)) == 0
    with pytest.raises(ContradictorySigns):
        record_purchases(lines=[replace(line, line=3, paid_fen=-1)])


@pytest.mark.django_db(transaction=True)
def test_record_purchases_race_for_one_line_writes_it_once():
    line = _line()
    rush = [partial(record_purchases, lines=[replace(line, bought_at=AT + timedelta(hours=n))]) for n in range(6)]

    results = race(*rush)

    assert sorted(results) == [0, 0, 0, 0, 0, 1]
    assert Purchase.objects.count() == 1


@pytest.mark.django_db
def test_attach_identity_is_safe_to_repeat_and_refuses_anothers():
    mine, other = Member.objects.create(), Member.objects.create()
    attach = partial(attach_identity, kind=Identity.Kind.PHONE, at=AT)

    assert attach(member=mine, value="138 0013 8000").pk == attach(member=mine, value="+8613800138000").pk
    with pytest.raises(IdentityTaken):
        attach(member=other, value="13800138000")
    with pytest.raises(UnusableIdentity):
        attach(member=other, value="138****8000")


@pytest.mark.django_db(transaction=True)
def test_identify_member_race_makes_one_member():
    results = race(*[partial(identify_member, kind=Identity.Kind.CARD, value="c9", at=AT) for _ in range(6)])

    assert sorted(new for _, new in results) == [False] * 5 + [True]
    assert len({member.pk for member, _ in results}) == 1
    assert Member.objects.count() == 1


@pytest.mark.django_db
def test_card_known_from_a_campaign_and_from_the_till_is_one_member(tmp_path):
    member, _ = identify_member(kind=Identity.Kind.CARD, value="c1", at=AT)

    run_import(write_sales(tmp_path, [row(会员卡号="C1")]))

    assert Purchase.objects.get().member == member


@pytest.mark.django_db
def test_purchase_totals_command_prints_them_and_notes_that_cards_were_shown(tmp_path, capsys):
    run_import(write_sales(tmp_path, [row(), row(小票号="R2", 实付金额="-4")]))

    call_command("purchase_totals", json=True)

    expected = {"net_fen": 600, "gross_fen": 1000, "sale_lines": 1, "return_lines": 1, "receipts": 2, "members": 1,
                "quantity": 0.0}  # fmt: skip
    import json

    assert json.loads(capsys.readouterr().out) == {
        "overall": expected,
        "stores": [{"store": "S1"} | expected],
        "store_days": [{"store": "S1", "day": "2026-01-05"} | expected],
        "cards": [{"card": "C1"} | expected],
        "products": [{"product": "P1"} | expected],
    }
    assert AuditEntry.objects.get().action == "purchases.totals_exported"


@pytest.mark.django_db
def test_business_day_of_totals_is_shanghais(tmp_path, capsys):
    run_import(write_sales(tmp_path, [row(交易时间="2026-01-05 00:00:01")]))

    call_command("purchase_totals")

    assert "S1 2026-01-05\t净额 ¥10.00" in capsys.readouterr().out
    assert Purchase.objects.get().bought_at == datetime(2026, 1, 5, 0, 0, 1, tzinfo=BUSINESS_ZONE)
