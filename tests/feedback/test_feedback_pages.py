"""效果: HQ's page with filters and downloads, each one's own stores elsewhere, and a fixed cost."""

from datetime import timedelta

import numpy as np
import pytest
import time_machine

from communities.estimates import COLUMNS
from communities.models import MaterialDay, PlanVersion, PostResult, SwapSuggestion, Theme
from communities.services.feedback.attributing import attribute
from communities.services.feedback.suggesting import suggest
from stores.models import AuditEntry
from tests.execution.posts import DAY, Evidence, S, moment, post
from tests.factories import (
    GuideFactory,
    ManagerFactory,
    MaterialFactory,
    PlanCellFactory,
    PlanVersionFactory,
    RegionFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
)
from tests.feedback.test_suggesting import remembered, seen

pytestmark = pytest.mark.django_db
NOW = moment(21)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hq(client):
    person = StaffFactory()
    client.force_login(person)
    return person


def known(name, fen, *, units=20, **fields):
    material = MaterialFactory(name=name, theme=fields.pop("theme", Theme.TASTE))
    remembered(material, seen(np.random.default_rng(5), fen, units=units), **fields)
    return material


def page(client, **query):
    return client.get("/feedback/", query).content.decode()


def downloaded(client, **query):
    answer = client.get("/feedback/export.csv", query)
    return [line.split(",") for line in answer.getvalue().decode("utf-8-sig").splitlines()]


@pytest.mark.parametrize("factory", [ManagerFactory, GuideFactory, RegionLeadFactory])
@pytest.mark.parametrize("path", ["/feedback/", "/feedback/export.csv", "/feedback/export.xlsx"])
def test_the_page_is_hqs(client, factory, path):
    client.force_login(factory())

    assert client.get(path).status_code == 404


def test_nobody_logged_in_sees_nothing(client):
    for path in ("/feedback/", "/feedback/export.csv", "/feedback/materials/1/", "/feedback/cells/1/"):
        assert client.get(path).status_code == 302


def test_the_page_shows_each_kind_of_proof_apart_and_says_what_is_too_little(client, hq):
    material = known("阳光玫瑰", 6000)
    remembered(material, seen(np.random.default_rng(1), 900, units=3), evidence=Evidence.SELF_DECLARED)

    text = page(client)

    assert text.count("阳光玫瑰") == 1
    assert "客户端回执" in text
    assert "店长自报" in text
    assert "样本太少" in text
    assert "95% 区间" in text
    rows = downloaded(client)
    assert [row[3] for row in rows] == ["凭证", "客户端回执", "店长自报"]
    assert [row[-2] for row in rows] == ["样本", "够", "太少"]


def test_filters_sort_and_the_download_show_the_same(client, hq):
    known("甲", 6000)
    known("乙", 9000, slot=2)
    known("丙", 3000, theme=Theme.OFFER, slot=2)
    known("丁", 99_000, day=DAY - timedelta(days=40))

    assert [row[0] for row in downloaded(client)][1:] == ["乙", "甲", "丙"]
    assert [row[0] for row in downloaded(client, slot=2)][1:] == ["乙", "丙"]
    assert [row[0] for row in downloaded(client, theme="taste", sort="sales")][1:] == ["甲", "乙"]
    assert [row[0] for row in downloaded(client, days=91)][1:] == ["丁", "乙", "甲", "丙"]
    assert [row[0] for row in downloaded(client, last=str(DAY - timedelta(days=30)))][1:] == ["丁"]
    assert "丙" not in page(client, theme="taste")
    entry = AuditEntry.objects.filter(action="feedback.exported").latest("pk")
    assert entry.actor == hq
    assert entry.detail["rows"] == 1


@pytest.mark.parametrize(
    "query",
    [{"days": "x"}, {"slot": "²"}, {"slot": "9" * 30}, {"last": "2026-13-99"}, {"last": "3026-01-01"}, {"theme": "'"},
     {"sort": "--x"}, {"page": "999"}],
)  # fmt: skip
def test_nonsense_is_left_out(client, hq, query):
    known("甲", 6000)

    assert client.get("/feedback/", query).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_any_number(client, hq, count, django_assert_num_queries):
    for n in range(count):
        known(f"素材{n}", 5000)
    page(client)

    with django_assert_num_queries(6):
        page(client)


@pytest.fixture
def posts():
    """The same material in two regions' stores, in one cell."""
    region = RegionFactory()
    mine, other = StoreFactory(region=region), StoreFactory()
    cell = PlanCellFactory(weekday=1)
    material = cell.materials.get()
    for store in (mine, other):
        post(store=store, material=material, state=S.SENT, cell=cell)
    attribute(at=NOW)
    return {"mine": mine, "region": region, "cell": cell, "material": material}


def test_each_sees_the_results_of_the_own_stores(client, posts):
    path = f"/feedback/materials/{posts['material'].pk}/"
    for person, count in (
        (StaffFactory(), 2), (RegionLeadFactory(region=posts["region"]), 1), (ManagerFactory(store=posts["mine"]), 1),
        (ManagerFactory(), 0),
    ):  # fmt: skip
        client.force_login(person)
        text = client.get(path).content.decode()
        assert (f'<span class="num">{count}</span> 次群发' in text) == bool(count)
        assert ("还没有发过" in text) == (count == 0)


def test_another_stores_material_is_not_found(client):
    client.force_login(ManagerFactory())

    assert client.get(f"/feedback/materials/{MaterialFactory(store=StoreFactory()).pk}/").status_code == 404


def test_a_cell_is_the_same_square_in_every_version(client, posts):
    again = PlanCellFactory(weekday=1, version=PlanVersionFactory(number=90, published_at=None, valid_from=None))
    elsewhere = PlanCellFactory(weekday=1, region=posts["region"])
    client.force_login(StaffFactory())

    texts = [client.get(f"/feedback/cells/{cell.pk}/").content.decode() for cell in (posts["cell"], again, elsewhere)]

    assert ['<span class="num">2</span> 次群发' in text for text in texts] == [True, True, False]
    client.force_login(RegionLeadFactory(region=posts["region"]))
    assert '<span class="num">1</span> 次群发' in client.get(f"/feedback/cells/{posts['cell'].pk}/").content.decode()
    assert client.get(f"/feedback/cells/{again.pk}/").status_code == 404
    client.force_login(ManagerFactory(store=posts["mine"]))
    assert client.get(f"/feedback/cells/{posts['cell'].pk}/").status_code == 404


def test_the_pages_of_material_and_cell_ask_for_it(client, posts):
    client.force_login(StaffFactory())

    assert (
        f"/feedback/materials/{posts['material'].pk}/"
        in client.get(f"/materials/{posts['material'].pk}/").content.decode()
    )
    assert f"/feedback/cells/{posts['cell'].pk}/" in client.get(f"/plan/cells/{posts['cell'].pk}/").content.decode()


def test_the_chains_sums_are_those_of_its_stores(posts):
    whole = MaterialDay.objects.get()

    assert (whole.posts, whole.units, PostResult.objects.count()) == (2, 2, 2)
    assert set(COLUMNS) <= {field.name for field in MaterialDay._meta.fields}


@pytest.fixture
def advice():
    version = PlanVersionFactory()
    weak, strong = known("弱", 1000, units=60), known("强", 12_000, units=60)
    PlanCellFactory(version=version, materials=[weak])
    (one,) = suggest(at=NOW)
    assert (one.outgoing, one.incoming) == (weak, strong)
    return one


def test_hq_accepts_into_the_draft(client, hq, advice):
    assert "本周换素材建议" in page(client)

    answer = client.post(f"/feedback/suggestions/{advice.pk}/accept/", follow=True)

    assert "已在草稿里换上“强”，改了 1 格" in answer.content.decode()
    assert PlanVersion.objects.get(published_at=None).cells.get().materials.get().name == "强"
    again = client.post(f"/feedback/suggestions/{advice.pk}/accept/", follow=True)
    assert "已经处理过了" in again.content.decode()


def test_hq_puts_aside(client, hq, advice):
    client.post(f"/feedback/suggestions/{advice.pk}/dismiss/")

    advice.refresh_from_db()
    assert (advice.state, advice.decided_by) == ("dismissed", hq)
    assert "不采纳" in page(client)
    assert not PlanVersion.objects.filter(published_at=None).exists()


@pytest.mark.parametrize("act", ["accept", "dismiss"])
def test_nobody_else_decides(client, advice, act):
    client.force_login(RegionLeadFactory())

    assert client.post(f"/feedback/suggestions/{advice.pk}/{act}/").status_code == 404
    assert SwapSuggestion.objects.get().state == "open"
