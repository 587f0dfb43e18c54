import hashlib
from datetime import date
from functools import partial
from threading import Barrier, get_ident

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from members.models import Identity, Member, Purchase
from members.services.partitions import ensure_partitions
from members.simulation import run
from members.simulation.calendar import period_of
from members.simulation.run import SimulationRefused, simulate
from metrics.models import RolledDay
from stores.models import Product, Region, Staff, Store
from stores.simulation.indexes import rebuilt_afterwards
from tests.dashboard.simulated import clear, rows
from tests.racing import race

UNTIL = date(2026, 8, 31)
SMALL = {"stores": 3, "members": 40, "months": 2, "seed": 7, "until": UNTIL}

# Every column that must repeat, by natural keys: ids come from sequences, ciphertexts and password hashes are salted.
CONTENT = {
    "regions": "SELECT code, name, path FROM stores_region",
    "stores": "SELECT to_jsonb(s) - 'id' - 'region_id', r.code FROM stores_store s "
    "JOIN stores_region r ON r.id = region_id",
    "staff": "SELECT username, p.name, role, s.code, r.code, p.joined_at FROM stores_staff p "
    "LEFT JOIN stores_store s ON s.id = p.store_id LEFT JOIN stores_region r ON r.id = p.region_id",
    "products": "SELECT to_jsonb(p) - 'id' FROM stores_product p",
    "shelf": "SELECT s.code, p.code, price_fen, stock, on_sale FROM stores_storeproduct x "
    "JOIN stores_store s ON s.id = x.store_id JOIN stores_product p ON p.id = x.product_id",
    "members": "SELECT i.value_hash, i.kind, i.tail, m.name, gender, birthday, s.code, m.joined_at "
    "FROM members_identity i JOIN members_member m ON m.id = i.member_id JOIN stores_store s ON s.id = m.home_store_id",
    "consent": "SELECT i.value_hash, purpose, decision, at FROM members_consent c "
    "JOIN members_identity i ON i.member_id = c.member_id AND i.kind = 'card'",
    "contacts": "SELECT i.value_hash, username, added_at FROM members_contact c JOIN stores_staff p ON p.id = staff_id "
    "JOIN members_identity i ON i.member_id = c.member_id AND i.kind = 'card'",
    "purchases": "SELECT s.code, p.code, i.value_hash, receipt, line, bought_at, quantity, b.unit, unit_price_fen, "
    "paid_fen, payment FROM members_purchase b JOIN stores_store s ON s.id = b.store_id "
    "JOIN stores_product p ON p.id = product_id "
    "LEFT JOIN members_identity i ON i.member_id = b.member_id AND i.kind = 'card'",
}


def fingerprints() -> dict[str, str]:
    return {
        name: hashlib.sha256("\n".join(sorted(map(repr, rows(query)))).encode()).hexdigest()
        for name, query in CONTENT.items()
    }


@pytest.mark.django_db
def test_same_seed_gives_the_same_data_and_another_seed_other_data():
    simulate(**SMALL)
    first = fingerprints()
    clear()
    simulate(**SMALL)
    second = fingerprints()
    clear()
    simulate(**{**SMALL, "seed": 8})
    other = fingerprints()

    assert second == first
    unchanged = {name for name in first if other[name] == first[name]}
    assert unchanged == {"regions", "products"}


@pytest.mark.django_db
def test_the_people_of_a_chain_do_not_depend_on_how_many_of_them_buy():
    simulate(**SMALL)
    everyone = fingerprints()
    clear()
    simulate(**SMALL, purchasing_share=0.3)
    some = fingerprints()

    changed = {name for name in everyone if some[name] != everyone[name]}
    buyers = Purchase.objects.exclude(member=None).values("member").distinct().count()
    assert changed == {"purchases"}
    assert 0 < buyers < 20


@pytest.mark.django_db
def test_indexes_and_constraints_are_the_same_after_the_load():
    catalogue = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint "
        "UNION ALL SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid), "
        "indisvalid FROM pg_index"
    )
    with connection.cursor() as cursor:
        ensure_partitions(months=[UNTIL, date(2026, 7, 1)])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    before = sorted(rows(catalogue))

    simulate(**SMALL)

    assert sorted(rows(catalogue)) == before


def add_card(value_hash: bytes) -> None:
    Identity.objects.create(member=Member.objects.create(), kind="card", value_hash=value_hash, value_encrypted=b"")


@transaction.atomic
def load_one_card_twice() -> None:
    with rebuilt_afterwards(["members_identity"]):
        add_card(b"x")
        add_card(b"x")


@pytest.mark.django_db
def test_load_that_breaks_a_constraint_is_refused_and_the_constraint_stays():
    with pytest.raises(IntegrityError, match="identity_belongs_to_one_member"):
        load_one_card_twice()

    add_card(b"y")
    with pytest.raises(IntegrityError, match="identity_belongs_to_one_member"), transaction.atomic():
        add_card(b"y")


@pytest.mark.django_db
def test_database_that_holds_a_store_is_left_alone():
    region = Region.objects.create(code="R", name="区", path="R/")
    Store.objects.create(code="S1", name="老店", region=region)

    with pytest.raises(CommandError, match="数据库里已有门店"):
        call_command("simulate", stores=2, members=5, months=1, verbosity=0)

    assert Store.objects.count() == 1
    assert Product.objects.count() == Member.objects.count() == Purchase.objects.count() == 0


@pytest.mark.django_db
def test_taken_demo_login_is_refused_by_name():
    Staff.objects.create(username="hq", name="真人", role="hq")

    with pytest.raises(SimulationRefused, match="账号 hq 已存在"):
        simulate(**SMALL)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("stores", 0),
        ("members", -1),
        ("months", 0),
        ("purchasing_share", 1.2),
        ("seed", -1),
        ("until", date(1, 1, 1)),
    ],
)
def test_argument_out_of_range_is_refused_in_words(argument, value):
    with pytest.raises(SimulationRefused, match=f"--{argument.replace('_', '-')} 应在 .* 之间"):
        simulate(**{**SMALL, argument: value})


@pytest.mark.django_db
def test_production_never_gets_logins_with_a_public_password(settings):
    settings.PRODUCTION = True

    with pytest.raises(SimulationRefused, match="生产环境"):
        simulate(**SMALL)


@pytest.mark.django_db
def test_purchases_never_lie_in_the_future():
    with pytest.raises(CommandError, match="--until 最晚是昨天"):
        call_command("simulate", stores=1, members=5, months=1, until=timezone.localdate(), verbosity=0)

    assert Store.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_simulations_at_once_leave_one_chain():
    results = race(partial(simulate, **SMALL), partial(simulate, **{**SMALL, "seed": 8}))

    [refused] = [result for result in results if isinstance(result, SimulationRefused)]
    assert str(refused).startswith("数据库里已有门店")
    assert Store.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_two_simulations_both_find_an_empty_database():
    both_looked = Barrier(2)

    @transaction.atomic
    def naive() -> None:
        run._refuse_if_occupied()
        both_looked.wait(30)
        Region.objects.create(code=str(get_ident()), name="区", path=str(get_ident()))

    race(naive, naive)

    assert Region.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_broken_run_leaves_neither_rows_nor_half_a_truth(tmp_path):
    def stop(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(**SMALL, truth=tmp_path / "truth.json", progress=stop)

    assert [model.objects.count() for model in (Store, Staff, Product, Member, Identity, Purchase)] == [0] * 6
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_command_prints_what_it_wrote_and_how_to_log_in(capsys):
    call_command("simulate", stores=1, members=5, months=1, seed=3, until=UNTIL, rolled_days=2)

    assert [str(day) for day in RolledDay.objects.order_by("day").values_list("day", flat=True)] == [
        "2026-08-30", "2026-08-31",
    ]  # fmt: skip
    out = capsys.readouterr().out
    assert "门店 1" in out
    assert "会员 5" in out
    assert "hq / region / manager / guide，密码 dianquan-demo" in out


@pytest.mark.django_db
def test_chain_without_members_still_stands():
    result = simulate(stores=1, members=0, months=1, seed=3, until=UNTIL)

    assert Store.objects.count() == 1
    assert "members_purchase" not in result.rows


def test_period_is_whole_months_that_end_with_the_last_day():
    assert [period_of(until=date(2026, 8, 31), months=months).start for months in (1, 6, 12)] == [
        date(2026, 8, 1), date(2026, 3, 1), date(2025, 9, 1),
    ]  # fmt: skip
    assert period_of(until=date(2026, 3, 15), months=2).start == date(2026, 1, 16)


@pytest.mark.django_db
def test_truth_that_cannot_be_written_writes_no_data_either(tmp_path):
    with pytest.raises(CommandError, match="写不了真值文件"):
        call_command("simulate", stores=1, members=5, months=1, truth=tmp_path / "no" / "t.json", verbosity=0)

    assert Store.objects.count() == 0
