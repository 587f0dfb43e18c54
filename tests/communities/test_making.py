"""An entry code comes to be at WeCom once, whatever breaks in between."""

from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest

from communities.models import CustomerGroup, EntryCode
from communities.services import making, ordering
from tests.factories import EntryCodeFactory, ManagerFactory, StaffFactory, StoreFactory
from tests.racing import race
from tests.wecom.fake import refusal
from wecom.client.errors import OutcomeUnknown, WeComUnavailable

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ADD = "externalcontact/add_contact_way"
GET = "externalcontact/get_contact_way"
LIST = "externalcontact/list_contact_way"
ADD_GROUP = "externalcontact/groupchat/add_join_way"
MADE = {"errcode": 0, "config_id": "c1", "qr_code": "https://wework.qpic.example/c1.png"}
LOST = httpx.ReadTimeout("lost")


def way(**fields):
    return {"errcode": 0, "contact_way": {"config_id": "c1", "qr_code": MADE["qr_code"], **fields}}


def order(*, kind="contact", scene="checkout", store=None) -> EntryCode:
    store = store or ManagerFactory(wecom_userid="zhang").store
    wish = ordering.Wish(scene=scene, kind=kind, bait="进群领 10 元券")
    return ordering.order_code(store=store, wish=wish, by=StaffFactory(), at=NOW)


def make(code, site, *, at=NOW):
    making.make_code(code_id=code.pk, at=at, gateway=site.wecom)
    code.refresh_from_db()


@pytest.mark.django_db
def test_an_ordered_code_adds_the_manager_and_carries_its_token(site):
    code = order()
    site.fake.script |= {ADD: [MADE], GET: [way()]}

    make(code, site)

    assert (code.status, code.config_id, code.qr_url) == ("live", "c1", MADE["qr_code"])
    assert site.fake.body(ADD) == {
        "type": 1, "scene": 2, "state": code.token, "remark": f"{code.store.name}·收银台·加店长",
        "skip_verify": True, "user": ["zhang"],
    }  # fmt: skip
    assert len(code.token) <= 30


@pytest.mark.django_db
def test_a_group_code_joins_the_groups_of_the_store_that_have_room(site):
    code = order(kind="group")
    for chat_id, facts in {"wr1": {"member_count": 500}, "wr2": {}, "wr3": {"dismissed_at": NOW}}.items():
        CustomerGroup.objects.create(chat_id=chat_id, store=code.store, **facts)
    site.fake.script |= {
        ADD_GROUP: [{"errcode": 0, "config_id": "j1"}],
        "externalcontact/groupchat/get_join_way": [{"errcode": 0, "join_way": {"qr_code": "https://q.example/j1"}}],
    }

    make(code, site)

    assert (code.status, code.config_id, code.chat_ids) == ("live", "j1", ["wr2"])
    assert site.fake.body(ADD_GROUP)["chat_id_list"] == ["wr2"]


@pytest.mark.django_db
def test_a_lost_answer_is_looked_for_and_not_asked_for_again(site):
    code = order()
    taken = EntryCodeFactory(config_id="other")
    site.fake.script |= {
        ADD: [LOST],
        LIST: [{"errcode": 0, "contact_way": [{"config_id": "other"}, {"config_id": "x"}, {"config_id": "c1"}]}],
        GET: [way(state="somebody else's"), way(state=code.token)],
    }
    with pytest.raises(OutcomeUnknown):
        make(code, site)

    make(code, site, at=NOW + timedelta(seconds=5))

    assert (code.status, code.config_id) == ("live", "c1")
    assert site.fake.count(ADD) == 1
    assert taken.config_id == "other"


@pytest.mark.django_db
def test_a_lost_request_is_asked_for_again_once_it_is_known_to_be_lost(site):
    code = order()
    site.fake.script |= {ADD: [LOST, MADE], LIST: [{"errcode": 0, "contact_way": []}], GET: [way()]}
    with pytest.raises(OutcomeUnknown):
        make(code, site)

    make(code, site, at=NOW + timedelta(seconds=5))

    assert (code.status, site.fake.count(ADD)) == ("live", 2)


@pytest.mark.django_db
def test_a_worker_that_died_after_asking_is_followed_by_one_that_looks(site):
    code = order()
    EntryCode.objects.filter(pk=code.pk).update(tried_at=NOW, leased_until=NOW + making.LEASE)
    site.fake.script |= {LIST: [{"errcode": 0, "contact_way": [{"config_id": "c1"}]}], GET: [way(state=code.token)]}

    make(code, site, at=NOW + timedelta(minutes=5))
    assert (code.status, site.fake.calls) == ("creating", [])  # its lease still runs
    make(code, site, at=NOW + making.LEASE)

    assert (code.status, code.config_id, site.fake.count(ADD)) == ("live", "c1", 0)


@pytest.mark.django_db
def test_a_join_way_whose_answer_was_lost_waits_for_a_person(site):
    code = order(kind="group")
    CustomerGroup.objects.create(chat_id="wr1", store=code.store)
    old_token = code.token
    site.fake.script |= {
        ADD_GROUP: [LOST, {"errcode": 0, "config_id": "j2"}],
        "externalcontact/groupchat/get_join_way": [{"errcode": 0, "join_way": {"qr_code": "https://q.example/j2"}}],
    }

    make(code, site)
    make(code, site, at=NOW + timedelta(hours=1))
    assert (code.status, site.fake.count(ADD_GROUP)) == ("lost", 1)
    ordering.order_again(code=code, by=StaffFactory(), at=NOW)
    make(code, site)

    assert (code.status, code.config_id) == ("live", "j2")
    assert code.token != old_token


@pytest.mark.django_db
def test_a_refusal_is_recorded_with_its_reason_and_can_be_tried_again(site):
    code = order()
    site.fake.script |= {ADD: [refusal(41054), MADE], GET: [way()]}

    make(code, site)
    assert (code.status, code.error) == ("failed", "成员尚未激活企业微信（41054）")
    ordering.order_again(code=code, by=StaffFactory(), at=NOW)
    make(code, site)

    assert (code.status, code.error) == ("live", "")
    with pytest.raises(ordering.CodeBusy):
        ordering.order_again(code=code, by=StaffFactory(), at=NOW)


@pytest.mark.django_db
def test_no_connection_leaves_the_code_to_be_made_later(site):
    code = order()
    site.fake.script |= {ADD: [httpx.ConnectError("down")]}

    with pytest.raises(WeComUnavailable):
        make(code, site)
    code.refresh_from_db()

    assert (code.status, code.tried_at, code.leased_until) == ("creating", None, None)


@pytest.mark.django_db
def test_a_store_without_a_manager_or_a_group_says_so(site):
    store = StoreFactory()
    codes = [order(store=store), order(kind="group", store=store)]

    for code in codes:
        make(code, site)

    assert [code.error for code in codes] == [
        "门店还没有店长，请先为门店指定店长",
        "门店还没有可以加入的客户群，请店长先在企业微信里建群",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_code_made_by_many_workers_at_once_is_asked_for_once(site):
    code = order()
    site.fake.script |= {ADD: [MADE], GET: [way()]}
    work = partial(making.make_code, code_id=code.pk, at=NOW, gateway=site.wecom)

    assert race(*[work] * 6) == [None] * 6

    assert site.fake.count(ADD) == 1


@pytest.mark.django_db(transaction=True)
def test_a_code_made_without_a_lease_is_asked_for_twice(site):
    """The control: what the lease prevents."""
    code = order()
    site.fake.script |= {ADD: [MADE, MADE | {"config_id": "c2"}], GET: [way()]}

    # Both have read the row before either has made it, as two workers may.
    rows = [EntryCode.objects.select_related("store").get(pk=code.pk) for _ in range(2)]

    race(*[partial(making._make, row, at=NOW, gateway=site.wecom) for row in rows])

    assert site.fake.count(ADD) == 2


@pytest.mark.django_db(transaction=True)
def test_a_code_ordered_by_two_people_at_once_is_one_code():
    store, by = StoreFactory(), StaffFactory()
    wish = ordering.Wish(scene="checkout", kind="contact", bait="券")

    results = race(*[partial(ordering.order_code, store=store, wish=wish, by=by, at=NOW)] * 4)

    assert sorted(type(one).__name__ for one in results) == ["CodeExists", "CodeExists", "CodeExists", "EntryCode"]


@pytest.mark.django_db
def test_a_batch_orders_one_code_per_store_and_skips_those_that_have_it():
    stores = [ManagerFactory().store for _ in range(3)]
    order(store=stores[0])
    wish = ordering.Wish(scene="checkout", kind="contact", bait="进群领 10 元券")

    first, again = [
        ordering.order_batch(stores=type(stores[0]).objects.all(), wish=wish, by=StaffFactory(), at=NOW)
        for _ in range(2)
    ]

    for batch in (first, again):
        batch.refresh_from_db()
    assert (first.codes.count(), first.skipped) == (2, 1)
    assert (again.codes.count(), again.skipped) == (0, 3)


@pytest.mark.django_db
def test_a_retired_code_is_deleted_at_wecom_and_makes_room_for_another(site):
    code = EntryCodeFactory()

    ordering.retire_code(code=code, by=StaffFactory(), at=NOW, gateway=site.wecom)

    assert site.fake.body("externalcontact/del_contact_way") == {"config_id": code.config_id}
    assert order(store=code.store).status == "creating"
