"""From purchases in the database to lists: what may be on them, who gets none, and what the file says."""

import csv
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from members.models import Consent
from members.services.merging import merge_members
from stores.models import AuditEntry, StoreProduct
from stores.simulation.catalogue import CATALOGUE
from tagging.models import MemberTaste, Recommendation, TasteAxis
from tagging.recommending.ranking import Task
from tagging.selectors.audience import audience_of
from tagging.selectors.brains import newest_brain
from tagging.selectors.recommendations import profile_of
from tagging.services.exporting import export_recommendations
from tagging.services.learning import learn
from tagging.services.recommending import recommend_everybody, recommend_store
from tagging.services.tastes import FRUIT_AXES, Reading, record_readings
from tests.factories import MemberFactory, ProductFactory, StoreFactory, StoreProductFactory, identity, purchase
from tests.tagging.tasting import moment

pytestmark = pytest.mark.django_db
AS_OF, AT = date(2026, 11, 21), moment("2026-11-22", 3)
CRISP = ("冰糖心", "香梨", "秋月", "红玫瑰")
SOFT = ("金枕", "香蕉", "水蜜桃", "贵妃芒")


@pytest.fixture
def fruit(db):
    """The fruit these tests buy, tasted, by variety."""
    axes = {axis.key: axis for axis in TasteAxis.objects.all()}
    wanted = {*CRISP, *SOFT, "黑金刚", "柠檬", "猫山王", "嘎啦", "章姬"}
    made = {}
    for row in CATALOGUE:
        if row.variety in wanted:
            product = ProductFactory(code=row.code, name=row.name, category=row.category, variety=row.variety)
            made[row.variety] = product
            record_readings(
                readings=[Reading(product.pk, axes[key], value) for (key, *_), value in
                          zip(FRUIT_AXES, map(_decimal, row.taste), strict=True)],
                source="expert", by=None, at=AT,
            )  # fmt: skip
    return made


def _decimal(value):
    from decimal import Decimal

    return Decimal(value)


@pytest.fixture
def shop(fruit):
    """A store, three who buy crisp and three who buy soft things each week for two months."""
    store = StoreFactory(code="S1")
    people = {}
    for kind, varieties in (("crisp", CRISP), ("soft", SOFT)):
        people[kind] = [MemberFactory(home_store=store) for _ in range(3)]
        for number, member in enumerate(people[kind]):
            for week in range(8):
                purchase(member=member, product=fruit[varieties[(week + number) % 4]], store=store,
                         bought_at=moment("2026-11-15") - timedelta(days=7 * week))  # fmt: skip
    return store, people


def work_out():
    return recommend_everybody(as_of=AS_OF, at=AT)


def test_who_bought_crisp_things_is_offered_the_wax_apple_before_the_durian_and_told_why(shop, fruit):
    _, people = shop

    assert work_out() == 6

    her = profile_of(people["crisp"][0], today=date(2026, 11, 22))
    order = [offer.product.variety for offer in her.new]
    assert order.index("黑金刚") < order.index("猫山王")
    assert her.sentence.startswith("爽脆")
    assert next(offer for offer in her.new if offer.product.variety == "黑金刚").reason.startswith("她爱的脆")


def test_what_is_repeated_was_bought_and_says_when_it_runs_out(shop):
    _, people = shop
    work_out()

    her = profile_of(people["crisp"][0], today=date(2026, 11, 22))

    assert {offer.product.variety for offer in her.repeat} == set(CRISP)
    assert all("买过 2 次，大约" in offer.reason for offer in her.repeat)
    assert her.repeat[0].due_on > date(2026, 11, 1)


def test_only_what_her_store_has_on_the_shelf_is_recommended_even_if_it_sold_out_since(shop, fruit):
    store, people = shop
    for variety in ("黑金刚", "嘎啦", "冰糖心", "章姬"):
        StoreProductFactory(store=store, product=fruit[variety], stock=0 if variety == "嘎啦" else 5)
    work_out()

    lists = Recommendation.objects.get(member=people["crisp"][0])
    assert set(lists.new_products) == {fruit["黑金刚"].pk, fruit["章姬"].pk}
    assert lists.repeat_products == [fruit["冰糖心"].pk]

    StoreProduct.objects.filter(product=fruit["黑金刚"]).update(stock=0)
    her = profile_of(people["crisp"][0], today=date(2026, 11, 22))
    assert [offer.product for offer in her.new] == [fruit["章姬"]]


def test_purchases_after_the_day_are_not_known_yet(shop, fruit):
    store, _people = shop
    stranger = MemberFactory(home_store=store)
    purchase(member=stranger, product=fruit["嘎啦"], store=store, bought_at=moment("2026-11-22"))

    work_out()

    assert not Recommendation.objects.filter(member=stranger).exists()


def test_who_took_back_consent_to_profiling_has_neither_taste_nor_lists(shop):
    _store, people = shop
    work_out()
    her = people["crisp"][0]
    Consent.objects.create(member=her, purpose="profiling", decision="withdrawn", source="t", text_version="1", at=AT)

    assert profile_of(her, today=date(2026, 11, 22)) is None
    assert work_out() == 5
    assert not MemberTaste.objects.filter(member=her).exists()
    assert not Recommendation.objects.filter(member=her).exists()


def test_a_night_works_out_only_who_bought_since(shop, fruit):
    store, people = shop
    work_out()
    purchase(member=people["soft"][0], product=fruit["猫山王"], store=store, bought_at=moment("2026-11-27"))
    later = moment("2026-11-28", 3)
    model = learn(as_of=date(2026, 11, 27), at=later)

    written = recommend_store(store_id=store.pk, model_id=model.pk, at=later, everybody=False)

    assert written == 1
    assert Recommendation.objects.get(member=people["soft"][0]).as_of == date(2026, 11, 27)
    assert Recommendation.objects.get(member=people["crisp"][0]).as_of == AS_OF


def test_repeating_a_shard_writes_the_same(shop):
    store, _ = shop
    work_out()
    before = list(Recommendation.objects.order_by("member").values())

    recommend_store(store_id=store.pk, model_id=newest_brain().pk, at=AT, everybody=True)

    assert list(Recommendation.objects.order_by("member").values()) == before


def test_the_file_names_members_by_card_and_products_by_code_and_is_audited(shop, tmp_path):
    _, people = shop
    identity(people["crisp"][0], "card", "88001234")
    work_out()
    path = tmp_path / "new.csv"

    rows = export_recommendations(path=path, task=Task.NEW, by=None, at=AT, today=date(2026, 11, 22))

    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    hers = [row for row in found if row["member"] == "88001234"]
    assert list(found[0]) == ["member", "rank", "product", "score", "reason"]
    assert [row["rank"] for row in hers] == [str(rank) for rank in range(1, len(hers) + 1)]
    assert all(row["reason"] for row in found)
    assert AuditEntry.objects.get(action="recommendations.exported").detail == {"rows": rows, "task": "new"}


def test_the_command_refuses_a_day_in_the_future_and_a_chain_without_products():
    with pytest.raises(CommandError, match="不能在将来"):
        call_command("recommend", as_of=date(2999, 1, 1))
    with pytest.raises(CommandError, match="还没有商品"):
        call_command("recommend")


def test_the_audience_of_the_wax_apple_are_those_who_like_it_crisp(shop, fruit):
    store, people = shop
    work_out()

    listeners = audience_of(product=fruit["黑金刚"], store=store, brain=newest_brain(), today=date(2026, 11, 22))

    assert {listener.member for listener in listeners[:3]} == set(people["crisp"])
    assert "脆" in listeners[0].reason


def test_who_wants_no_marketing_is_in_no_audience(shop, fruit):
    store, people = shop
    work_out()
    her = people["crisp"][0]
    Consent.objects.create(member=her, purpose="marketing", decision="withdrawn", source="t", text_version="1", at=AT)

    listeners = audience_of(product=fruit["黑金刚"], store=store, brain=newest_brain(), today=date(2026, 11, 22))

    assert her not in {listener.member for listener in listeners}


def test_two_members_who_become_one_are_worked_out_anew(shop):
    _, people = shop
    work_out()
    kept, absorbed = people["crisp"][:2]

    merge_members(kept=kept, absorbed=absorbed, reason="t", evidence={}, by=None, at=AT)

    assert not MemberTaste.objects.filter(member__in=[kept, absorbed]).exists()
    work_out()
    assert MemberTaste.objects.get(member=kept).evidence == 16
