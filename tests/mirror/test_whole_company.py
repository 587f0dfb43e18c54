"""The 通讯录同步 secret: the lists of the whole company, beside the app that knows the details of its range."""

import pytest

from tests.mirror.mirroring import drift_of, staff
from tests.wecom.sandbox.company import CONTACTS_SECRET
from wecom.gateway import wecom

pytestmark = pytest.mark.django_db


@pytest.fixture
def directory(mirror, settings):
    settings.WECOM_CONTACTS_SECRET = CONTACTS_SECRET
    mirror.read_all("staff")
    return mirror


def asked(mirror, api):
    return mirror.company.see("ledger", kind="api", name=api)["entries"]


def test_the_lists_come_with_its_token_and_details_with_the_apps(directory):
    client = wecom().contacts
    listed = [row["userid"] for page in client.user_id_pages(limit=1) for row in page.items]

    assert (client.sees_everybody, listed) == (True, ["manager0001", "manager0002"])
    assert {node["id"] for node in client.departments()} == {1, 2, 3}
    assert client.user(userid="manager0001")["name"] == staff("manager0001").name
    assert all(entry["errcode"] == 0 for name in ("user/list_id", "department/simplelist", "user/get")
               for entry in asked(directory, name))  # fmt: skip


def test_a_sync_uses_it_too(directory):
    assert wecom().bulk().contacts.sees_everybody


def test_without_it_the_list_of_everybody_is_refused(mirror):
    assert not wecom().contacts.sees_everybody


def test_whoever_is_on_the_list_is_not_asked_for_one_by_one(directory):
    directory.company.control("staff", userid="manager0001", visible=0)

    directory.read_all("staff")

    assert staff("manager0001").is_active
    assert asked(directory, "user/get") == []
    assert len(asked(directory, "user/list_id")) == 1


def test_whoever_is_on_no_list_is_asked_for_and_leaves(directory):
    directory.company.do("resign", userid="manager0002")

    run = directory.read_all("staff")["staff"]

    assert not staff("manager0002").is_active
    assert drift_of(run) == {"staff_left": 1}
    assert len(asked(directory, "user/get")) == 1
