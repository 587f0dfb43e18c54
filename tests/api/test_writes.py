"""Writes over the API: done once under one key, through the services the pages use."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from campaigns.models import Campaign, GroupBuyTerms, Order
from campaigns.services.confirming import confirm
from members.models import Member, Purchase
from stores.models import AuditEntry, IdempotentAnswer, StoreProduct
from stores.services.idempotency import Answer, forget_answers, once
from tests.api.world import furnish, template
from tests.factories import GuideFactory, RegionLeadFactory, StaffFactory, StoreProductFactory
from tests.racing import race


def send(client, path, body, key="k1", method="post"):
    headers = {"Idempotency-Key": key} if key else {}
    return getattr(client, method)(f"/api/v1/{path}", body, format="json", headers=headers)


def shelf_of(item):
    return f"stores/{item.store.code}/shelf/{item.product.code}/"


def row(item, **fields):
    return {
        "store": item.store.code, "receipt": "R1", "line": 1, "bought_at": "2026-03-02T10:00:00+08:00",
        "product": item.product.code, "quantity": "1.5", "paid_fen": 2_990,
    } | fields  # fmt: skip


@pytest.mark.django_db
def test_the_same_key_and_body_get_the_same_answer_and_nothing_is_done_twice(api):
    item, client = StoreProductFactory(price_fen=1_000, stock=5), api(StaffFactory())

    first = send(client, shelf_of(item), {"stock": 7, "price_fen": 1_200}, method="patch")
    StoreProduct.objects.filter(pk=item.pk).update(stock=2)  # a sale in between
    again = send(client, shelf_of(item), {"price_fen": 1_200, "stock": 7}, method="patch")

    assert (first.status_code, first.json()["stock"], first.json()["price_fen"]) == (200, 7, 1_200)
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (200, first.json(), "true")
    assert StoreProduct.objects.get(pk=item.pk).stock == 2
    assert AuditEntry.objects.filter(action="shelf.changed").count() == 1


@pytest.mark.django_db
def test_a_key_belongs_to_one_request_of_one_token_for_one_day(api):
    item, person = StoreProductFactory(), StaffFactory()
    client = api(person)
    send(client, shelf_of(item), {"stock": 7}, method="patch")

    other_body = send(client, shelf_of(item), {"stock": 8}, method="patch")
    other_token = send(api(person), shelf_of(item), {"stock": 8}, method="patch")
    IdempotentAnswer.objects.update(expires_at=timezone.now())
    next_day = send(client, shelf_of(item), {"stock": 9}, method="patch")

    assert (other_body.status_code, other_body.json()["code"]) == (422, "idempotency_key_reused")
    assert [answer.status_code for answer in (other_token, next_day)] == [200, 200]
    assert forget_answers(at=timezone.now() + timedelta(days=2)) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "two words", "键", "x" * 65])
def test_a_write_without_a_proper_key_is_refused(api, key):
    answer = send(api(StaffFactory()), shelf_of(StoreProductFactory()), {"stock": 7}, key=key, method="patch")

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


@pytest.mark.django_db
def test_a_refused_write_may_be_sent_again_under_its_key(api):
    item, client = StoreProductFactory(), api(StaffFactory())

    wrong = send(client, shelf_of(item), {"stock": -1}, method="patch")
    right = send(client, shelf_of(item), {"stock": 3}, method="patch")

    assert (wrong.status_code, wrong.json()["fields"]) == (400, {"stock": ["请确保该值大于或者等于 0。"]})
    assert right.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_requests_at_the_same_moment_one_does_the_work(api):
    api(StaffFactory())
    token, done = api.token, []

    def work(kind):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")
        done.append(kind)
        return Answer(200, {"n": len(done)})

    def unguarded():
        # The control: look, then do. It must lose.
        if not IdempotentAnswer.objects.filter(key="control").exists():
            with transaction.atomic():
                work("control")
                IdempotentAnswer.objects.get_or_create(
                    token=token, key="control", defaults={"digest": b"d", "expires_at": timezone.now()}
                )

    ask = partial(once, token=token, key="k", digest=b"d" * 32, at=timezone.now(), work=partial(work, "guarded"))
    answers = race(*[ask] * 6)
    race(*[unguarded] * 6)

    assert [(one.status, one.body) for one in answers] == [(200, {"n": 1})] * 6
    assert sum(not one.replayed for one in answers) == 1
    assert done.count("guarded") == 1 < done.count("control")


@pytest.mark.django_db
def test_a_shelf_is_changed_from_the_state_that_was_seen(api):
    item = StoreProductFactory(price_fen=1_000, stock=5)
    client, seen = api(StaffFactory()), {"price_fen": 1_000, "stock": 6, "on_sale": True}

    late = send(client, shelf_of(item), {"stock": 4, "seen": seen}, method="patch")
    guide = send(api(GuideFactory(store=item.store)), shelf_of(item), {"stock": 4}, method="patch")
    nothing = send(client, shelf_of(item), {}, "k2", method="patch")

    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert (guide.status_code, guide.json()["message"]) == (403, "价格与库存由总部和本店店长改")
    assert nothing.status_code == 400
    assert StoreProduct.objects.get(pk=item.pk).stock == 5


@pytest.mark.django_db
def test_purchases_are_recorded_once_and_know_their_member(api):
    item, client = StoreProductFactory(), api(StaffFactory())
    lines = [row(item, phone="13812345678"), row(item, line=2), row(item, line=3, phone="138 1234 5678")]

    first = send(client, "purchases/", {"source": "pos", "lines": lines}, "k1")
    second = send(client, "purchases/", {"source": "pos", "lines": [*lines, row(item, line=4)]}, "k2")

    assert (first.status_code, first.json()) == (201, {"received": 3, "recorded": 3, "known": 0})
    assert second.json() == {"received": 4, "recorded": 1, "known": 3}
    member = Member.objects.get()
    assert list(Purchase.objects.order_by("line").values_list("member_id", flat=True)) == [
        member.pk, None, member.pk, None,
    ]  # fmt: skip
    assert member.home_store == item.store


@pytest.mark.django_db
def test_one_wrong_line_and_nothing_is_recorded(api):
    item, client = StoreProductFactory(), api(StaffFactory())
    lines = [row(item), row(item, line=2, product="nothing", store="nowhere", member=99)]

    unknown = send(client, "purchases/", {"source": "pos", "lines": lines})
    future = send(client, "purchases/", {"source": "pos", "lines": [row(item, bought_at="2099-01-01T00:00:00Z")]})
    ours = send(client, "purchases/", {"source": "campaign", "lines": [row(item)]})
    guide = send(api(GuideFactory(store=item.store)), "purchases/", {"source": "pos", "lines": [row(item)]})

    assert (unknown.status_code, set(unknown.json()["fields"])) == (
        400, {"lines.1.product", "lines.1.store", "lines.1.member"},
    )  # fmt: skip
    assert [answer.status_code for answer in (future, ours, guide)] == [400, 400, 403]
    assert not Purchase.objects.exists()


@pytest.mark.django_db
def test_a_store_drafts_from_the_template_with_its_own_quota(api):
    shop = furnish("A1", number=1)
    made = template(shop.shelf.product, needs_approval=True)
    GroupBuyTerms.objects.create(campaign=made, size=3)
    hours = {"starts_at": "2030-01-01T10:00:00+08:00", "ends_at": "2030-01-01T20:00:00+08:00"}
    body = hours | {"template": made.pk, "store": "A1", "quotas": [{"item": made.items.get().pk, "quota": 30}]}

    answer = send(api(shop.manager), "campaigns/", body)
    backwards = send(api(shop.manager), "campaigns/", body | {"ends_at": hours["starts_at"]})
    guide = send(api(GuideFactory(store=shop.store)), "campaigns/", body)

    told = answer.json()
    assert (answer.status_code, told["state"], told["template"], told["quota"]) == (201, "draft", made.pk, 30)
    assert told["items"][0]["stocks"] == [{"store": "A1", "quota": 30, "taken": 0}]
    draft = Campaign.objects.get(pk=told["id"])
    assert (draft.needs_approval, draft.group_buy.size, draft.made_by) == (True, 3, shop.manager)
    assert [(other.status_code, other.json()["code"]) for other in (backwards, guide)] == [
        (409, "refused"), (403, "permission_denied"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_an_order_is_handed_over_once(api):
    shop = furnish("A1", number=1)
    order = confirm(order=shop.order, at=shop.order.reserved_at)
    Order.objects.filter(pk=order.pk).update(settling="shop")
    body, client = {"store": "A1", "code": order.pickup_code}, api(shop.manager)

    answers = [send(client, "orders/redeem/", body, key) for key in ("k1", "k1", "k2")]
    lead = send(api(RegionLeadFactory(region=shop.store.region)), "orders/redeem/", body)

    assert [answer.status_code for answer in (*answers, lead)] == [200, 200, 409, 403]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["state"], answers[0].json()["paid_fen"]) == ("fulfilled", 1_990)
    assert answers[2].json()["message"] == "没有这个取货码，请核对四位数字，或扫会员的二维码"


@pytest.mark.django_db
def test_an_order_of_another_store_is_refused_and_left_in_the_trail(api):
    ours, theirs = furnish("A1", number=1), furnish("B1", number=2)
    body = {"store": "A1", "code": confirm(order=theirs.order, at=theirs.order.reserved_at).token}

    answer = send(api(ours.manager), "orders/redeem/", body)

    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert AuditEntry.objects.filter(action="campaign.other_stores_order").count() == 1
