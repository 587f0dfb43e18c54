"""Every operation of the schema, walked: a token sees its own stores, does what its scopes say, and nothing else."""

import re
from uuid import UUID

import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from metrics.registry import METRICS
from metrics.registry.components import Grain
from stores.models import ApiToken, StoreProduct
from stores.services.tokens import SCOPES
from tests.api.world import TALLIED, furnish, template
from tests.factories import StaffFactory

# Which row of a shop a path's parameter names; an operation that is new has to be told apart here.
NAMED = {
    "/stores/{code}/": lambda shop: {"code": shop.store.code},
    "/stores/{code}/shelf/": lambda shop: {"code": shop.store.code},
    "/stores/{code}/shelf/{product}/": lambda shop: {"code": shop.store.code, "product": shop.shelf.product.code},
    "/members/{id}/": lambda shop: {"id": shop.member.pk},
    "/members/{id}/purchases/": lambda shop: {"id": shop.member.pk},
    "/groups/{id}/": lambda shop: {"id": shop.group.pk},
    "/posts/{id}/": lambda shop: {"id": shop.post.pk},
    "/campaigns/{id}/": lambda shop: {"id": shop.campaign.pk},
    "/webhooks/tests/{event_id}/acknowledge/": lambda _: {"event_id": UUID(int=0)},
    "/exports/{id}/": lambda shop: {"id": shop.export.pk},
    "/exports/{id}/file/": lambda shop: {"id": shop.export.pk},
    "/orders/{id}/": lambda shop: {"id": shop.order.pk},
}
# Bodies that name the other shop, and what must be said to them.
BODIES = {
    "/members/lookup/": (lambda _: {"number": "13800000002"}, 404),
    "/stores/{code}/shelf/{product}/": (lambda _: {"stock": 1}, 404),
    "/webhooks/tests/{event_id}/acknowledge/": (lambda _: {}, 404),
    "/exports/": (lambda shop: {"table": "store-days", "subject": shop.store.pk, "form": "csv"}, 404),
    "/orders/redeem/": (lambda shop: {"store": shop.store.code, "code": "1234"}, 404),
    "/purchases/": (
        lambda shop: {"source": "pos", "lines": [{
            "store": shop.store.code, "receipt": "1", "line": 1, "bought_at": timezone.now().isoformat(),
            "product": shop.shelf.product.code, "quantity": "1", "paid_fen": 100,
        }]},
        400,
    ),
    "/campaigns/": (
        lambda shop: {
            "template": template(shop.shelf.product).pk, "store": shop.store.code,
            "starts_at": "2030-01-01T10:00:00+08:00", "ends_at": "2030-01-01T20:00:00+08:00", "quotas": [],
        },
        404,
    ),
}  # fmt: skip


def _any_metric(by):
    return next(one.code for one in METRICS.values() if by in {"total", "day", *(grain.value for grain in one.grains)})


ASKED = {
    "/metrics/readings/": [
        {"metrics": _any_metric(by), "since": TALLIED.isoformat(), "until": TALLIED.isoformat(), "by": by}
        for by in ("total", "day", *(grain.value for grain in Grain))
    ]
}  # fmt: skip


@pytest.fixture(scope="module")
def operations():
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [
        (path.removeprefix("/api/v1"), method)
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/api/v1/")
    ]


@pytest.fixture
def shops():
    return furnish("OURS", number=1), furnish("THEIRS", number=2)


def _address(path, shop):
    named = NAMED[path](shop) if "{" in path else {}
    return "/api/v1" + re.sub(r"{(\w+)}", lambda part: str(named[part[1]]), path)


@pytest.mark.django_db
def test_no_read_of_a_managers_token_tells_of_another_store(api, operations, shops):
    ours, theirs = shops
    manager, hq = api(ours.manager), api(StaffFactory())
    seen = []
    for path, method in operations:
        if method != "get" or path in _WITHOUT_A_STORE:
            continue
        for query in ASKED.get(path, [{}]):
            own = manager.get(_address(path, ours), query)
            assert (path, own.status_code) == (path, 409 if path in _UNREADY else 200)
            assert "THEIRS" not in own.content.decode(), path
            if "{" in path:
                assert (path, manager.get(_address(path, theirs), query).status_code) == (path, 404)
            else:
                # The other store's rows are there to be seen, by whoever may.
                told = hq.get(_address(path, theirs), query).content.decode()
                seen.append((path, query.get("by"), "THEIRS" in told))

    assert {(path, by) for path, by, found in seen if not found} == {
        ("/metrics/readings/", "total"), ("/metrics/readings/", "day"), ("/exports/", None),  # one's own, even HQ's
    }  # fmt: skip
    assert len(seen) >= 14


_WITHOUT_A_STORE = {"/metrics/", "/campaigns/templates/"}
_UNREADY = {"/exports/{id}/file/"}  # its file is not written yet


@pytest.mark.django_db
def test_no_write_of_a_managers_token_reaches_another_store(api, operations, shops):
    ours, theirs = shops
    client = api(ours.manager)
    for number, (path, method) in enumerate((path, method) for path, method in operations if method != "get"):
        body, status = BODIES[path]
        answer = getattr(client, method)(
            _address(path, theirs), body(theirs), format="json", headers={"Idempotency-Key": f"k{number}"}
        )
        assert (path, answer.status_code) == (path, status)
        assert "THEIRS" not in answer.content.decode()

    assert StoreProduct.objects.get(pk=theirs.shelf.pk).stock == 10


@pytest.mark.django_db
def test_every_operation_asks_for_a_scope_that_exists_and_refuses_a_key_without_it(api, operations, shops):
    ours, _ = shops
    wanted = set()
    client = api(StaffFactory())
    ApiToken.objects.update(scopes=[])
    for path, method in operations:
        answer = getattr(client, method)(_address(path, ours), format="json", headers={"Idempotency-Key": "k"})
        assert (path, method, answer.status_code) == (path, method, 403)
        wanted.add(re.fullmatch(r"这个令牌没有 (\S+) 权限", answer.json()["message"])[1])

    assert wanted == set(SCOPES)


@pytest.mark.django_db
def test_a_person_who_logged_in_reads_and_writes_nothing(client, shops):
    ours, _ = shops
    client.force_login(ours.manager, backend="django.contrib.auth.backends.ModelBackend")
    address = _address("/stores/{code}/shelf/{product}/", ours)

    assert client.get(address).status_code == 200
    answer = client.patch(address, {"stock": 3}, content_type="application/json", headers={"Idempotency-Key": "k"})

    assert (answer.status_code, answer.json()["message"]) == (403, "写入要用有 shelf:write 权限的令牌")


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_for_one_row_and_for_three(api, django_assert_num_queries, count):
    shops = [furnish(f"SHOP{number}", number=number) for number in range(count)]
    client = api(StaffFactory())
    client.get("/api/v1/stores/")  # the first use of a key is noted
    costs = {
        "groups/": 2, "memberships/": 2, "posts/": 3, "campaigns/": 2, "orders/": 3, "campaigns/templates/": 2,
        "metrics/readings/?metrics=joins,aov&since=2026-01-05&until=2026-01-05&by=store": 3,
        f"stores/{shops[0].store.code}/shelf/": 3, f"campaigns/{shops[0].campaign.pk}/": 4,
    }  # fmt: skip
    for path, queries in costs.items():
        with django_assert_num_queries(queries, info=path):
            assert client.get(f"/api/v1/{path}").status_code == 200
