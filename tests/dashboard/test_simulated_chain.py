"""Is the simulated chain believable, and can its hidden truth be learnt back from its purchases?"""

import json
from datetime import date

import numpy as np
import pytest
from django.contrib.auth import authenticate
from django.db import connection

from members.identities import decrypt, value_hash
from members.models import Consent, Contact, Identity, Member, Purchase
from members.simulation.run import simulate
from stores.models import Product, Region, Staff, Store, StoreProduct
from stores.selectors import stores_for
from stores.simulation.catalogue import AXES, CATALOGUE
from tests.dashboard.simulated import clear, rows

YEAR = {"stores": 12, "members": 500, "months": 12, "seed": 11, "until": date(2026, 8, 31)}


@pytest.fixture(scope="module")
def year(django_db_setup, django_db_blocker, tmp_path_factory):
    """A chain with a year of purchases and its truth, shared by the tests that only look at it."""
    with django_db_blocker.unblock():
        path = tmp_path_factory.mktemp("truth") / "truth.json"
        result = simulate(**YEAR, truth=path)
        yield result, json.loads(path.read_text(encoding="utf-8"))
        clear()


@pytest.mark.django_db
def test_counts_are_exactly_what_was_asked_for_and_reported(year):
    result, _ = year
    counts = {
        "stores_region": Region, "stores_store": Store, "stores_staff": Staff, "stores_product": Product,
        "stores_storeproduct": StoreProduct, "members_member": Member, "members_identity": Identity,
        "members_consent": Consent, "members_contact": Contact, "members_purchase": Purchase,
    }  # fmt: skip

    assert {table: model.objects.count() for table, model in counts.items()} == result.rows
    assert (result.rows["stores_store"], result.rows["members_member"]) == (12, 500)
    assert result.rows["stores_product"] == len(CATALOGUE) >= 60
    assert Identity.objects.filter(kind="card").count() == 500


@pytest.mark.django_db
def test_every_deferred_constraint_holds(year):
    connection.check_constraints()

    dangling = rows(
        "SELECT count(*) FROM members_purchase b WHERE NOT EXISTS (SELECT FROM stores_store s WHERE s.id = store_id) "
        "OR NOT EXISTS (SELECT FROM stores_product p WHERE p.id = product_id) "
        "OR (member_id IS NOT NULL AND NOT EXISTS (SELECT FROM members_member m WHERE m.id = member_id))"
    )
    assert dangling == [(0,)]


@pytest.mark.django_db
def test_new_rows_get_ids_beyond_the_simulated_ones(year):
    last = Member.objects.order_by("-pk")[0].pk

    assert Member.objects.create(name="新人").pk > last


@pytest.mark.django_db
def test_each_demo_login_works_and_sees_its_part_of_the_chain(year, rf):
    users = {
        name: authenticate(rf.post("/"), username=name, password="dianquan-demo")
        for name in ("hq", "region", "manager", "guide")
    }

    assert {name: user and user.role for name, user in users.items()} == {
        "hq": "hq", "region": "region_lead", "manager": "manager", "guide": "guide",
    }  # fmt: skip
    seen = {name: set(stores_for(user)) for name, user in users.items()}
    assert len(seen["hq"]) == 12
    assert 1 < len(seen["region"]) < 12
    assert seen["manager"] == seen["guide"] < seen["region"]
    assert next(iter(seen["manager"])).stage == "running"
    others = Staff.objects.exclude(username__in=users)
    assert not any(person.has_usable_password() for person in others)
    with pytest.raises(Store.DoesNotExist):
        stores_for(Staff(role="manager", is_active=False)).get()


@pytest.mark.django_db
def test_card_of_the_truth_finds_its_member_by_the_keyed_hash(year):
    _, truth = year
    card = truth["members"][3]["card"]

    identity = Identity.objects.get(value_hash=value_hash(kind="card", value=card))

    assert decrypt(identity.value_encrypted) == card
    assert identity.tail == card[-4:]
    assert identity.member.home_store.code == truth["members"][3]["store"]


@pytest.mark.django_db
def test_stores_trade_only_between_opening_and_suspension_and_within_hours(year):
    wrong = rows(
        "SELECT count(*) FROM (SELECT s.*, bought_at AT TIME ZONE 'Asia/Shanghai' AS local FROM members_purchase b "
        "JOIN stores_store s ON s.id = b.store_id) x WHERE stage = 'fitout' OR local::date < opened_on "
        "OR local::date >= suspended_on OR local::time NOT BETWEEN '08:30' AND '22:00' "
        "OR local::date NOT BETWEEN '2025-09-01' AND '2026-08-31'"
    )

    assert wrong == [(0,)]
    assert set(Store.objects.values_list("stage", flat=True)) == {"fitout", "opening", "running", "suspended"}


@pytest.mark.django_db
def test_receipts_count_up_within_a_store_and_day_and_lines_within_a_receipt(year):
    broken = rows(
        "SELECT count(*) FROM (SELECT count(*) AS lines, max(line) AS last, min(line) AS first, "
        "count(DISTINCT bought_at) AS times, count(DISTINCT coalesce(member_id, 0)) AS buyers "
        "FROM members_purchase GROUP BY store_id, receipt) x "
        "WHERE lines <> last OR first <> 1 OR times <> 1 OR buyers <> 1 OR lines > 5"
    )
    numbering = rows(
        "SELECT count(*) FROM (SELECT count(DISTINCT receipt) AS receipts, max(right(receipt, 4)::int) AS last "
        "FROM members_purchase GROUP BY store_id, left(receipt, 8)) x WHERE receipts <> last"
    )
    dates = rows(
        "SELECT count(*) FROM members_purchase "
        "WHERE left(receipt, 8) <> to_char(bought_at AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD')"
    )

    assert (broken, numbering, dates) == ([(0,)], [(0,)], [(0,)])


@pytest.mark.django_db
def test_paid_is_never_above_price_times_weight_and_sometimes_below(year):
    [(above, below, lines)] = rows(
        "SELECT count(*) FILTER (WHERE abs(paid_fen) > round(unit_price_fen * abs(quantity))), "
        "count(*) FILTER (WHERE abs(paid_fen) < round(unit_price_fen * abs(quantity))), count(*) FROM members_purchase"
    )

    assert above == 0
    assert 0.05 < below / lines < 0.4


@pytest.mark.django_db
def test_about_one_line_in_a_hundred_comes_back_negative_after_it_was_sold(year):
    [(returns, lines)] = rows(
        "SELECT count(*) FILTER (WHERE paid_fen < 0 AND quantity < 0), count(*) FROM members_purchase"
    )
    [(unsold,)] = rows(
        "SELECT count(*) FROM members_purchase r WHERE paid_fen < 0 AND NOT EXISTS (SELECT FROM members_purchase b "
        "WHERE b.store_id = r.store_id AND b.product_id = r.product_id AND b.quantity = -r.quantity "
        "AND b.paid_fen = -r.paid_fen AND b.bought_at < r.bought_at "
        "AND b.member_id IS NOT DISTINCT FROM r.member_id)"
    )

    assert 0.006 < returns / lines < 0.014
    assert unsold == 0


@pytest.mark.django_db
def test_about_a_quarter_of_the_receipts_is_anonymous(year):
    [(share,)] = rows(
        "SELECT avg((member_id IS NULL)::int)::float FROM (SELECT DISTINCT store_id, receipt, member_id "
        "FROM members_purchase) x"
    )

    assert 0.22 < share < 0.28


@pytest.mark.django_db
def test_fruit_is_sold_in_its_season_only(year):
    sold = rows(
        "SELECT DISTINCT p.code, extract(month FROM bought_at AT TIME ZONE 'Asia/Shanghai')::int "
        "FROM members_purchase b JOIN stores_product p ON p.id = product_id WHERE paid_fen > 0"
    )
    months = {fruit.code: set(fruit.months) for fruit in CATALOGUE}
    strawberries = {month for code, month in sold if code == "05001"}

    assert [(code, month) for code, month in sold if month not in months[code]] == []
    assert strawberries == {12, 1, 2, 3, 4}


@pytest.mark.django_db
def test_member_comes_on_the_weekdays_of_the_truth(year):
    _, truth = year
    fixed = [m for m in truth["members"] if max(m["weekday"]) > 0.6 and m["visits_per_week"] > 0.8]
    counts = weekday_counts()
    shares = [
        counts[m["card"]][int(np.argmax(m["weekday"]))] / counts[m["card"]].sum()
        for m in fixed
        if m["card"] in counts and counts[m["card"]].sum() >= 8
    ]

    assert len(shares) > 10
    assert np.mean(shares) > 0.5  # one day in seven is 0.14


def weekday_counts() -> dict[str, np.ndarray]:
    counts: dict[str, np.ndarray] = {}
    for blob, weekday, visits in rows(
        "SELECT i.value_encrypted, extract(isodow FROM bought_at AT TIME ZONE 'Asia/Shanghai')::int - 1, "
        "count(DISTINCT receipt) FROM members_purchase b "
        "JOIN members_identity i ON i.member_id = b.member_id AND i.kind = 'card' WHERE paid_fen > 0 GROUP BY 1, 2"
    ):
        counts.setdefault(decrypt(blob), np.zeros(7))[weekday] += visits
    return counts


def member_articles() -> dict[str, np.ndarray]:
    """Receipts by card and article (in catalogue order)."""
    position = {fruit.code: i for i, fruit in enumerate(CATALOGUE)}
    bought: dict[str, np.ndarray] = {}
    for blob, code, receipts in rows(
        "SELECT i.value_encrypted, p.code, count(DISTINCT receipt) FROM members_purchase b "
        "JOIN members_identity i ON i.member_id = b.member_id AND i.kind = 'card' "
        "JOIN stores_product p ON p.id = product_id WHERE paid_fen > 0 GROUP BY 1, 2"
    ):
        bought.setdefault(decrypt(blob), np.zeros(len(CATALOGUE)))[position[code]] += receipts
    return bought


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    ranks = [np.argsort(np.argsort(x)) for x in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


@pytest.mark.django_db
def test_hidden_tastes_can_be_learnt_back_from_the_purchases(year):
    _, truth = year
    bought = member_articles()
    vectors = np.array([product["taste"] for product in truth["products"]], float)
    known = [m for m in truth["members"] if m["card"] in bought and bought[m["card"]].sum() >= 25]
    true = np.array([m["taste"] for m in known])
    learnt = np.array([bought[m["card"]] @ vectors / bought[m["card"]].sum() for m in known])

    correlations = {axis: rank_correlation(true[:, i], learnt[:, i]) for i, axis in enumerate(AXES)}

    assert len(known) > 100
    assert min(correlations.values()) > 0.25, correlations
    assert np.mean(list(correlations.values())) > 0.5, correlations


@pytest.mark.django_db
def test_favourites_of_the_truth_are_bought_again_more_often_than_other_fruit(year):
    _, truth = year
    bought = member_articles()
    position = {fruit.code: i for i, fruit in enumerate(CATALOGUE)}
    favourite, other = [], []
    for member in truth["members"]:
        if member["card"] not in bought:
            continue
        is_favourite = np.zeros(len(CATALOGUE), bool)
        is_favourite[[position[code] for code in member["favourites"]]] = True
        receipts = bought[member["card"]]
        favourite += receipts[is_favourite & (receipts > 0)].tolist()
        other += receipts[~is_favourite & (receipts > 0)].tolist()
    again = [np.mean(np.array(counts) > 1) for counts in (favourite, other)]

    assert again[0] > again[1] + 0.15
    assert 0.3 < again[1] < 0.8


def daily_spending_around(days: dict[str, date]) -> tuple[float, float]:
    """What the members with these cards paid a day up to their day and after it, all together, since each joined."""
    start, end = date(2025, 9, 1), YEAR["until"]
    paid, length = np.zeros(2), np.zeros(2)
    for card, day in days.items():
        identity = Identity.objects.get(value_hash=value_hash(kind="card", value=card))
        since = max(identity.member.joined_at.date(), start)
        [(before, after)] = rows(
            "SELECT coalesce(sum(paid_fen) FILTER (WHERE x <= %(day)s), 0), "
            "coalesce(sum(paid_fen) FILTER (WHERE x > %(day)s), 0) FROM (SELECT paid_fen, "
            "(bought_at AT TIME ZONE 'Asia/Shanghai')::date AS x FROM members_purchase WHERE member_id = %(member)s) b",
            {"day": day, "member": identity.member_id},
        )
        paid += [int(before), int(after)]
        length += [(day - since).days + 1, (end - day).days]
    return tuple(paid / length)


@pytest.mark.django_db
def test_group_effect_is_real_and_a_raw_before_after_exaggerates_it(year):
    _, truth = year
    groups = {m["card"]: m["group"] for m in truth["members"] if m["group"]}
    true_effect = sum(g["visits_after"] for g in groups.values()) / sum(g["visits_without"] for g in groups.values())

    before, after = daily_spending_around({c: date.fromisoformat(g["joined_on"]) for c, g in groups.items()})

    assert 0.2 < len(groups) / 500 < 0.6
    assert 1.2 < true_effect < 1.4
    assert after / before > true_effect + 0.1, (after / before, true_effect)


@pytest.mark.django_db
def test_truth_says_what_it_was_made_from_and_covers_every_member_once(year):
    _, truth = year

    assert truth["args"] == {**YEAR, "until": "2026-08-31", "purchasing_share": 1.0}
    assert truth["axes"] == list(AXES)
    assert [product["code"] for product in truth["products"]] == [fruit.code for fruit in CATALOGUE]
    cards = [member["card"] for member in truth["members"]]
    assert len(cards) == len(set(cards)) == 500
