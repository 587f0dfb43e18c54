"""The admin is for IT: superusers only, ledgers are read-only, every page opens."""

import pytest
from django.contrib import admin
from django.urls import reverse

from stores.models import AuditEntry, Staff
from tests.factories import ManagerFactory, MemberFactory, ProductFactory, StaffFactory, StoreProductFactory, identity

pytestmark = pytest.mark.django_db
OURS = [model for model in admin.site._registry if model._meta.app_label in {"stores", "members"}]


@pytest.fixture
def it(client):
    person = StaffFactory(is_staff=True, is_superuser=True)
    client.force_login(person)
    return client


@pytest.mark.parametrize("rights", [{}, {"is_staff": True}])
def test_only_superusers_come_in(client, rights):
    client.force_login(StaffFactory(**rights))

    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_list_opens_in_chinese(it, model):
    StoreProductFactory(store=ManagerFactory().store)

    response = it.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))

    assert response.status_code == 200
    assert model._meta.verbose_name in response.content.decode()


@pytest.mark.parametrize("model", [AuditEntry])
def test_a_ledger_is_read_and_never_rewritten(it, model):
    row = AuditEntry.objects.create(action="x")

    assert it.get(f"/admin/stores/auditentry/{row.pk}/change/").status_code == 200
    assert it.post(f"/admin/stores/auditentry/{row.pk}/change/", {"action": "y"}).status_code == 403
    assert it.post(f"/admin/stores/auditentry/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert it.get("/admin/stores/auditentry/add/").status_code == 403


def test_an_identity_is_shown_by_its_tail_alone(it):
    row = identity(MemberFactory(), "phone", "13812345678")

    text = it.get(f"/admin/members/identity/{row.pk}/change/").content.decode()

    assert "5678" in text
    assert "13812345678" not in text
    assert "密文" not in text


def test_it_opens_an_account_with_a_password(it):
    store = ManagerFactory().store

    response = it.post("/admin/stores/staff/add/", {
        "username": "lixiaojuan", "name": "李小娟", "role": "guide", "store": store.pk,
        "usable_password": "true", "password1": "a fresh password", "password2": "a fresh password",
    })  # fmt: skip

    assert response.status_code == 302
    assert Staff.objects.get(username="lixiaojuan").check_password("a fresh password")


def test_people_and_stores_are_not_deleted(it):
    manager = ManagerFactory()
    product = ProductFactory()

    assert it.get(f"/admin/stores/staff/{manager.pk}/delete/").status_code == 403
    assert it.get(f"/admin/stores/store/{manager.store_id}/delete/").status_code == 403
    assert it.get(f"/admin/stores/product/{product.pk}/change/").status_code == 200
