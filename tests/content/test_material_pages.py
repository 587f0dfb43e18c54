"""素材 in the browser: who sees what, and what becomes of a material."""

import pytest

from communities.models import Material
from tests.clients import signed_in, text_of
from tests.content.written import WRITTEN
from tests.factories import (
    AssetFactory,
    GuideFactory,
    ManagerFactory,
    MaterialFactory,
    MaterialVersionFactory,
    RegionFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
)


@pytest.mark.django_db
def test_everyone_sees_hqs_materials_and_those_of_the_own_stores():
    manager = ManagerFactory()
    lead = RegionLeadFactory(region=manager.store.region)
    for name, store in (("总部的", None), ("本店的", manager.store), ("别店的", StoreFactory())):
        MaterialFactory(name=name, store=store)

    seen = {
        user: {name for name in ("总部的", "本店的", "别店的") if name in text_of(signed_in(user).get("/materials/"))}
        for user in (manager, lead, StaffFactory(), GuideFactory(store=manager.store))
    }

    assert list(seen.values()) == [
        {"总部的", "本店的"}, {"总部的", "本店的"}, {"总部的", "本店的", "别店的"}, {"总部的", "本店的"},
    ]  # fmt: skip


@pytest.mark.django_db
def test_another_stores_material_is_not_there():
    material = MaterialFactory(store=StoreFactory())
    client = signed_in(ManagerFactory())

    assert client.get(f"/materials/{material.pk}/").status_code == 404
    for act in ("", "archive/", "restore/", "copy/", "versions/1/"):
        assert client.post(f"/materials/{material.pk}/{act}", WRITTEN).status_code == 404


@pytest.mark.django_db
def test_a_manager_looks_at_hqs_material_and_a_guide_at_any_but_they_do_not_change_it():
    manager = ManagerFactory()
    hqs, own = MaterialFactory(), MaterialFactory(store=manager.store)

    for user, material in (
        (manager, hqs), (GuideFactory(store=manager.store), own),
        (RegionLeadFactory(region=manager.store.region), own), (RegionLeadFactory(region=RegionFactory()), hqs),
    ):  # fmt: skip
        client = signed_in(user)
        page = client.get(f"/materials/{material.pk}/")
        assert (page.status_code, "保存" in text_of(page)) == (200, False)
        assert client.post(f"/materials/{material.pk}/", WRITTEN | {"seen": 1}).status_code == 404
        assert client.post(f"/materials/{material.pk}/archive/").status_code == 404


@pytest.mark.django_db
def test_what_changed_in_the_meantime_is_not_overwritten():
    version = MaterialVersionFactory()
    client = signed_in(StaffFactory())
    seen = WRITTEN | {"seen": version.number}

    first = client.post(f"/materials/{version.material_id}/", seen)
    second = client.post(f"/materials/{version.material_id}/", seen | {"text": "别的"})

    assert (first.status_code, second.status_code) == (302, 422)
    assert "别人刚刚改过这份素材" in text_of(second)
    assert Material.objects.get().current.text == WRITTEN["text"]


@pytest.mark.django_db
def test_a_manager_copies_hqs_material_and_hq_one_to_a_store():
    manager = ManagerFactory()
    version = MaterialVersionFactory(text="一样的话", pictures=[AssetFactory()])

    signed_in(manager).post(f"/materials/{version.material_id}/copy/")
    own = Material.objects.latest("pk")
    hq = signed_in(StaffFactory())
    hq.post(f"/materials/{version.material_id}/copy/", {"store": f"{manager.store.code} {manager.store}"})
    given = Material.objects.latest("pk")
    refused = hq.post(f"/materials/{version.material_id}/copy/", {"store": "没有"}, follow=True)

    assert {(one.store, one.current.text, one.current.assets.count()) for one in (own, given)} == {
        (manager.store, "一样的话", 1)
    }
    assert "没有这家门店，请核对编码" in text_of(refused)


@pytest.mark.django_db
def test_an_archived_material_leaves_the_list_and_comes_back():
    material = MaterialFactory(name="过季的")
    client = signed_in(StaffFactory())

    client.post(f"/materials/{material.pk}/archive/")
    client.get("/materials/")  # takes the notice that names it
    assert "过季的" not in text_of(client.get("/materials/?theme=taste"))
    assert "过季的" in text_of(client.get("/materials/?status=archived"))
    assert client.post(f"/materials/{material.pk}/", WRITTEN | {"seen": 1}).status_code == 404
    client.post(f"/materials/{material.pk}/restore/")
    assert "过季的" in text_of(client.get("/materials/"))


@pytest.mark.django_db
def test_an_older_version_is_brought_back_as_a_new_one():
    version = MaterialVersionFactory(text="新的")
    first = version.material.versions.get(number=1)

    signed_in(StaffFactory()).post(f"/materials/{version.material_id}/versions/1/")

    current = Material.objects.get().current
    assert (current.number, current.text) == (3, first.text)


@pytest.mark.django_db
def test_the_list_is_filtered_by_theme_owner_and_words():
    MaterialFactory(name="橙子优惠", theme="offer")
    MaterialFactory(name="梨的知识", theme="knowledge", store=StoreFactory())
    client = signed_in(StaffFactory())

    def names(query):
        page = text_of(client.get(f"/materials/?{query}"))
        return [name for name in ("橙子优惠", "梨的知识") if name in page]

    assert [names(query) for query in ("theme=offer", "owner=store", "owner=hq", "q=梨", "q=没有", "theme=x")] == [
        ["橙子优惠"], ["梨的知识"], ["橙子优惠"], ["梨的知识"], [], ["橙子优惠", "梨的知识"],
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_material_and_for_three(django_assert_num_queries, count):
    for _ in range(count):
        MaterialVersionFactory(pictures=[AssetFactory()])
    client = signed_in(StaffFactory())

    with django_assert_num_queries(4):  # session, user, count, rows
        assert client.get("/materials/").status_code == 200
