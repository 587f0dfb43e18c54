"""Materials over the API: the current version, of HQ and of the stores one sees, and nothing else."""

import pytest

from tests.api.refusals import FORM
from tests.factories import ManagerFactory, MaterialVersionFactory, ProductFactory, StaffFactory, StoreFactory


@pytest.mark.django_db
def test_each_sees_hqs_materials_and_those_of_the_own_stores(api):
    manager = ManagerFactory()
    for name, store in (("总部的", None), ("本店的", manager.store), ("别店的", StoreFactory())):
        MaterialVersionFactory(material__name=name, material__store=store)

    def names(user, query=""):
        return [row["name"] for row in api(user).get(f"/api/v1/materials/{query}").json()["results"]]

    assert names(manager) == ["本店的", "总部的"]
    assert names(StaffFactory()) == ["别店的", "本店的", "总部的"]
    assert names(manager, f"?store={manager.store.code}") == ["本店的"]
    assert names(manager, "?theme=flash") == []
    assert names(manager, "?archived=true") == []


@pytest.mark.django_db
def test_a_material_is_told_as_it_stands(api):
    orange = ProductFactory(code="P1")
    MaterialVersionFactory(
        material__name="早市", text="{店名}到货", product=orange, price_fen=1990, link_url="https://x.example"
    )

    (row,) = api(StaffFactory()).get("/api/v1/materials/").json()["results"]

    told = {
        name: row[name] for name in ("name", "theme", "store", "version", "text", "product", "price_fen", "link_url")
    }
    assert told == {
        "name": "早市", "theme": "taste", "store": None, "version": 2, "text": "{店名}到货", "product": "P1",
        "price_fen": 1990, "link_url": "https://x.example",
    }  # fmt: skip


@pytest.mark.django_db
def test_a_wish_that_cannot_be_read_is_refused(api):
    answer = api(StaffFactory()).get("/api/v1/materials/?theme=x")

    assert (answer.status_code, set(answer.json())) == (400, FORM)


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_material_and_for_three(api, django_assert_num_queries, count):
    user = StaffFactory()
    for _ in range(count):
        MaterialVersionFactory(product=ProductFactory())
    client = api(user)

    with django_assert_num_queries(3):  # key, its last use, rows
        assert len(client.get("/api/v1/materials/").json()["results"]) == count
