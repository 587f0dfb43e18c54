import json
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from members.services.consents import record_consent
from members.services.merging import merge_members
from members.services.partitions import BUSINESS_ZONE
from tests.api.refusals import FORM, refused
from tests.chains import chain_of_two
from tests.factories import (
    MemberFactory,
    RegionFactory,
    StaffFactory,
    StoreFactory,
    identity,
    purchase,
)

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=BUSINESS_ZONE)


@pytest.fixture
def chain():
    return chain_of_two()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "stores", "members"),
    [
        ("hq", ["A1", "B1"], ["无店会员", "别家会员", "我家会员"]),
        ("lead", ["A1"], ["我家会员"]),
        ("manager", ["A1"], ["我家会员"]),
        ("guide", ["A1"], ["我家会员"]),
    ],
)
def test_each_role_reads_its_own_stores_and_members(chain, api, who, stores, members):
    client = api(chain[who])

    assert [row["code"] for row in client.get("/api/v1/stores/").json()["results"]] == stores
    assert [row["name"] for row in client.get("/api/v1/members/").json()["results"]] == members


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["lead", "manager", "guide"])
def test_another_stores_rows_are_a_404(chain, api, who):
    identity(chain["theirs"], "phone", "13812345678")
    client, other = api(chain[who]), chain["theirs"].pk
    refusal = refused("not_found", "没有找到，或不在你能看到的门店里")

    answers = [
        client.get("/api/v1/stores/B1/"),
        client.get(f"/api/v1/members/{other}/"),
        client.get(f"/api/v1/members/{other}/purchases/"),
        client.get("/api/v1/members/999999999/"),
        client.post("/api/v1/members/lookup/", {"number": "13812345678"}, format="json"),
    ]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(404, refusal)] * 5
    assert client.get("/api/v1/members/", {"store": "B1"}).json()["results"] == []


@pytest.mark.django_db
def test_nobody_reads_anything_without_a_key():
    for address in ("/api/v1/stores/", "/api/v1/members/", "/api/v1/members/1/", "/api/v1/x/"):
        answer = APIClient().get(address)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert APIClient().get("/api/schema/").status_code == 401


@pytest.mark.django_db
def test_key_without_the_scope_is_refused_by_name(chain, api):
    answer = api(chain["hq"], "stores:read").get("/api/v1/members/")

    assert (answer.status_code, answer.json()) == (
        403, refused("permission_denied", "这个令牌没有 members:read 权限"),
    )  # fmt: skip


@pytest.mark.django_db
def test_member_answers_with_masks_consents_and_totals(chain, api):
    member = chain["ours"]
    identity(member, "phone", "13812345678")
    record_consent(member=member, purpose="phone", decision="granted", source="收银台", at=NOON)
    purchase(member=member, bought_at=NOON, paid_fen=30_00)
    purchase(member=member, bought_at=NOON, paid_fen=-5_00, quantity=-1)
    purchase(member=member, store=chain["theirs"].home_store, bought_at=NOON, paid_fen=99_00)

    body = api(chain["manager"]).get(f"/api/v1/members/{member.pk}/").json()

    assert (body["phones"], body["home_store"]["code"]) == (["138****5678"], "A1")
    assert body["totals"] | {"first_at": None, "last_at": None} == {
        "receipts": 1, "net_fen": 25_00, "returned_fen": 5_00, "first_at": None, "last_at": None,
    }  # fmt: skip
    assert {entry["purpose"]: entry["decision"] for entry in body["consents"]} == {
        "marketing": None, "profiling": None, "phone": "granted",
    }  # fmt: skip
    assert "13812345678" not in json.dumps(body)


@pytest.mark.django_db
def test_id_of_a_merged_member_answers_with_the_survivor(chain, api):
    absorbed = MemberFactory(home_store=chain["ours"].home_store)
    merge_members(kept=chain["ours"], absorbed=absorbed, reason="测试", evidence={}, by=None, at=NOON)

    assert api(chain["manager"]).get(f"/api/v1/members/{absorbed.pk}/").json()["id"] == chain["ours"].pk


@pytest.mark.django_db
def test_pages_follow_next_to_the_end(chain, api):
    MemberFactory.create_batch(4, home_store=chain["ours"].home_store)
    client, address, seen = api(chain["manager"]), "/api/v1/members/?limit=2", []

    while address:
        body = client.get(address).json()
        seen += [row["id"] for row in body["results"]]
        address = body["next"]

    assert (len(seen), seen) == (5, sorted(seen, reverse=True))


@pytest.mark.django_db
def test_purchases_come_newest_first_from_own_stores_and_page_on(chain, api):
    member = chain["ours"]
    for hours in (3, 1, 2):
        purchase(member=member, bought_at=NOON - timedelta(hours=hours), paid_fen=hours)
    purchase(member=member, store=chain["theirs"].home_store, bought_at=NOON, paid_fen=99)
    client = api(chain["manager"])

    first = client.get(f"/api/v1/members/{member.pk}/purchases/", {"limit": 2}).json()
    second = client.get(first["next"]).json()

    assert [row["paid_fen"] for row in first["results"] + second["results"]] == [1, 2, 3]
    assert second["next"] is None


@pytest.mark.django_db
def test_lookup_takes_the_full_number_in_the_body(chain, api):
    identity(chain["ours"], "phone", "13812345678")
    identity(chain["ours"], "card", "88001234")
    client = api(chain["manager"])

    for number in ("13812345678", "+86 138 1234 5678", "88001234"):
        answer = client.post("/api/v1/members/lookup/", {"number": number}, format="json")
        assert (answer.status_code, answer.json()["id"]) == (200, chain["ours"].pk)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"q": "13812345678"}, "q：完整号码不能写在地址里"),
        ({"joined_since": "昨天"}, "joined_since："),
        ({"has_phone": "也许"}, "has_phone："),
    ],
)
def test_wrong_parameter_is_named_in_the_error(chain, api, query, named):
    answer = api(chain["hq"]).get("/api/v1/members/", query)

    body = answer.json()
    assert (answer.status_code, set(body), body["code"]) == (400, FORM, "invalid")
    assert body["detail"].startswith(named)


@pytest.mark.django_db
def test_every_refusal_has_the_one_form(chain, api):
    client = api(chain["hq"])
    answers = [
        (client.post("/api/v1/members/lookup/", {}, format="json"), 400, "invalid"),
        (client.post("/api/v1/members/lookup/", "{", content_type="application/json"), 400, "parse_error"),
        (client.post("/api/v1/members/lookup/", "x", content_type="text/plain"), 415, "unsupported_media_type"),
        (client.delete("/api/v1/stores/"), 405, "method_not_allowed"),
        (client.get("/api/v1/nowhere/"), 404, "not_found"),
        (client.get("/api/v1/members/", {"cursor": "x"}), 404, "not_found"),
        (client.get("/api/v1/stores/", {"stage": "x"}), 400, "invalid"),
    ]

    for answer, status, code in answers:
        body = answer.json()
        assert (answer.status_code, set(body), body["code"]) == (status, FORM, code)
        assert any("一" <= letter <= "鿿" for letter in body["detail"])


@pytest.mark.django_db
def test_too_many_requests_are_told_when_to_come_back(chain, api, monkeypatch):
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"anon": "9/min", "user": "2/min", "lookup": "1/min"})
    client = api(chain["hq"])

    answers = [client.get("/api/v1/stores/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "throttled"
    assert answers[2].json()["detail"].startswith("请求太频繁，请 ")
    assert int(answers[2]["Retry-After"]) > 0
    assert api(chain["hq"]).get("/api/v1/stores/").status_code == 200  # another token of hers counts by itself


@pytest.mark.django_db
def test_a_fault_of_ours_has_the_form_too_and_tells_nothing_of_itself(chain, api, monkeypatch):
    monkeypatch.setattr("stores.api.stores_for", lambda _: 1 / 0)
    client = api(chain["hq"])
    client.raise_request_exception = False

    answer = client.get("/api/v1/stores/")

    assert (answer.status_code, answer.json()) == (500, refused("server_error", "服务器出错了，已经记录；请稍后再试"))


@pytest.mark.django_db
def test_lists_take_the_same_queries_for_one_row_and_for_three(api, django_assert_num_queries):
    hq = StaffFactory()
    client = api(hq)
    client.get("/api/v1/stores/")  # the first use of a key is noted
    member = MemberFactory()
    for rows in (1, 3):
        for _ in range(rows - 1):
            other = MemberFactory()
            identity(other, "phone", f"1381234567{other.pk % 10}")
            purchase(member=member, bought_at=timezone.now())
        with django_assert_num_queries(2):  # key, stores
            client.get("/api/v1/stores/")
        with django_assert_num_queries(4):  # key, members, identities, purchases
            client.get("/api/v1/members/")
        with django_assert_num_queries(4):  # key, survivor, member, lines
            client.get(f"/api/v1/members/{member.pk}/purchases/")


@pytest.mark.django_db
def test_stores_filter_by_stage_and_by_region_with_all_below(api):
    top = RegionFactory(code="TOP")
    below = StoreFactory(code="X1", region=RegionFactory(code="LOW", parent=top))
    StoreFactory(code="X2")
    client = api(StaffFactory())

    for code in ("TOP", "LOW"):
        assert [row["code"] for row in client.get("/api/v1/stores/", {"region": code}).json()["results"]] == ["X1"]
    assert client.get("/api/v1/stores/", {"stage": "fitout"}).json()["results"] == []
    assert client.get(f"/api/v1/stores/{below.code}/").json()["region"] == "LOW"


@pytest.mark.django_db
def test_schema_generates_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))

    assert "/api/v1/members/{id}/" in (tmp_path / "schema.yml").read_text()


@pytest.mark.django_db
def test_docs_page_needs_a_log_in_and_asks_no_other_host(chain):
    client = Client()
    assert client.get("/api/docs/").status_code == 302
    client.force_login(chain["manager"], backend="django.contrib.auth.backends.ModelBackend")

    page, script = client.get("/api/docs/"), client.get("/api/docs/?script=")

    assert (page.status_code, script.status_code) == (200, 200)
    policy = _directives(page)
    assert (policy["script-src"], policy["style-src"]) == ({"'self'"}, {"'self'", "'unsafe-inline'"})
    assert "https://" not in page.content.decode().replace("https://spec.openapis.org", "")
    assert client.get("/api/schema/").status_code == 200
    assert _directives(client.get("/members/"))["style-src"] == {"'self'"}


def _directives(response):
    """The content security policy as sets: neither its directives nor their sources have an order."""
    parts = (directive.split() for directive in response["Content-Security-Policy"].split(";"))
    return {name: set(sources) for name, *sources in parts}


def test_an_address_nobody_has_is_refused_to_programs_in_their_own_form(client):
    answer = client.get("/api/mini/v1/campaigns/没有/")

    assert (answer.status_code, answer.json()) == (404, refused("not_found", "没有这个地址"))
