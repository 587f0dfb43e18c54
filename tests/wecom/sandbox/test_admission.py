"""Tokens, secrets, addresses, frequencies and calls at once (wecom.md §3.1, §4)."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.wecom.sandbox.company import CONTACTS_SECRET, CORP, SECRET
from wecom.sandbox import server

READ = "externalcontact/get_corp_tag_list"


def bare(company, path=READ, **kwargs):
    return company.http.post(f"/cgi-bin/{path}", **{"json": {}, **kwargs})


def test_a_token_belongs_to_its_secret_and_stays_the_same_while_it_lives(company):
    first, again, other = company.gettoken(), company.gettoken(), company.gettoken(CONTACTS_SECRET)

    assert first["expires_in"] == 7200
    assert first["access_token"] == again["access_token"] != other["access_token"]


def test_a_token_counts_in_the_address_and_nowhere_else(company):
    token = company.token()

    assert bare(company, headers={"Authorization": f"Bearer {token}"}).json()["errcode"] == 41001
    assert bare(company, json={"access_token": token}).json()["errcode"] == 41001
    assert bare(company, params={"access_token": "somebody-elses"}).json()["errcode"] == 40014
    assert bare(company, params={"access_token": token}).json()["errcode"] == 0


def test_a_token_ends_after_two_hours_and_the_next_is_another(company):
    old = company.token()
    company.advance(7200)

    assert company.code(READ) == 42001
    assert company.gettoken()["access_token"] != old


@pytest.mark.parametrize(("how", "code"), [("expire", 42001), ("revoke", 40014)])
def test_a_token_can_end_early(company, how, code):
    company.token()
    company.control("tokens", do=how)

    assert company.code(READ) == code


def test_wrong_credentials_are_named_and_repeating_them_blocks_the_address_for_an_hour(company):
    company.control("settings", wrong_secrets_per_hour=3)
    wrong = [company.gettoken("wrong")["errcode"] for _ in range(4)]
    blocked = company.gettoken()["errcode"]
    company.advance(3600)

    assert wrong == [40001, 40001, 40001, 45009]
    assert (blocked, company.gettoken()["errcode"]) == (45009, 0)
    assert (company.gettoken(corp="ww0")["errcode"], company.gettoken(secret="")["errcode"]) == (40013, 41004)


def test_an_address_outside_the_trusted_ones_is_refused(company):
    company.token()
    company.control("settings", trusted_ips=["10.0.0.1"])

    assert company.code(READ) == 60020
    company.control("settings", trusted_ips=["127.0.0.1"])
    assert company.code(READ) == 0


def test_each_secret_opens_only_its_own_apis(company):
    assert company.code("user/list_id") == 48002
    assert company.code("user/list_id", secret=CONTACTS_SECRET) == 0
    assert company.code(READ, secret=CONTACTS_SECRET) == 48002
    assert company.get("user/get", userid="manager0001", secret=CONTACTS_SECRET)["errcode"] == 48009
    assert company.get("department/simplelist", secret=CONTACTS_SECRET)["errcode"] == 0
    company.control("settings", customer_access=False)
    assert company.code(READ) == 48002
    company.control("settings", app_disabled=True)
    assert company.code(READ) == 50003


def test_too_many_calls_block_that_api_for_a_minute_and_no_other(company):
    company.control("settings", api_per_minute=3)
    codes = [company.code(READ) for _ in range(5)]
    other = company.code("externalcontact/groupchat/list", {"limit": 1})
    company.advance(59)
    still = company.code(READ)
    company.advance(61)

    assert (codes, other, still) == ([0, 0, 0, 45009, 45009], 0, 45009)
    assert company.code(READ) == 0


def test_an_hours_calls_are_counted_too(company):
    company.control("settings", api_per_hour=2, token_seconds=86_400)
    for _ in range(2):
        company.code(READ)
        company.advance(61)
    codes = [company.code(READ)]
    company.advance(3599)
    codes.append(company.code(READ))
    company.advance(3601)

    assert [*codes, company.code(READ)] == [45009, 45009, 0]


def test_two_tags_for_one_customer_at_once_conflict_and_the_first_wins(company):
    customer, other = company.customers()[:2]
    tag = company.ok("externalcontact/add_corp_tag", {"group_name": "口味", "tag": [{"name": "爱吃甜"}]})
    body = {"userid": "manager0001", "add_tag": [tag["tag_group"]["tag"][0]["id"]]}
    path = "externalcontact/mark_tag"
    company.http.post(f"/sandbox/hold/{path}/on")
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(company.ok, path, body | {"external_userid": customer})
        while company.http.post("/sandbox/hold/none/off").json()["in_flight"] < 1:
            pass
        second = company.code(path, body | {"external_userid": customer})
        third = pool.submit(company.code, path, body | {"external_userid": other})
        while company.http.post("/sandbox/hold/none/off").json()["in_flight"] < 2:
            pass
        company.http.post(f"/sandbox/hold/{path}/off")
        answers = (waiting.result()["errcode"], second, third.result())

    assert answers == (0, 45035, 0)


def test_more_calls_at_once_than_allowed_are_refused(company):
    company.control("settings", parallel_calls=1)
    company.http.post(f"/sandbox/hold/{READ}/on")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(company.code, READ)
        while company.http.post("/sandbox/hold/none/off").json()["in_flight"] < 1:
            pass
        second = company.code("externalcontact/groupchat/list", {"limit": 1})
        company.http.post(f"/sandbox/hold/{READ}/off")

    assert (second, waiting.result()) == (45033, 0)


def test_an_unknown_path_is_an_empty_404_and_a_get_for_a_post_is_40003(company):
    unknown = bare(company, "externalcontact/no_such_thing")

    assert (unknown.status_code, unknown.content) == (404, b"")
    assert company.get(READ)["errcode"] == 40003


def test_a_refusal_still_carries_its_empty_lists_and_says_what_is_wrong(company):
    answer = company.post("externalcontact/groupchat/list", {"limit": 5000})

    assert (answer["errcode"], answer["group_chat_list"], answer["next_cursor"]) == (40058, [], "")
    assert answer["errmsg"].startswith("invalid request parameter: limit out of range, hint: [")


def test_names_nobody_knows_are_ignored_and_a_body_that_is_no_json_is_an_empty_one(company):
    assert company.code(READ, {"no_such_field": {"a": 1}}) == 0
    broken = bare(company, params={"access_token": company.token()}, json=None, content=b"{oops").json()
    assert (broken["errcode"], "wrong json" in broken["errmsg"]) == (0, True)


def test_arranged_failures_come_once_and_a_lost_answer_was_carried_out(company):
    path = "externalcontact/add_corp_tag"
    body = {"group_name": "口味", "tag": [{"name": "爱吃甜"}]}
    company.control("fail_next", api=path, errcode=-1)
    company.control("fail_next", api=path, effect="http")
    company.control("fail_next", api=path, effect="lost")
    first = bare(company, path, params={"access_token": company.token()}, json=body).status_code
    second = company.code(path, body)
    with pytest.raises(httpx.RemoteProtocolError):
        company.code(path, body)
    groups = company.ok(READ)["tag_group"]

    assert (first, second) == (502, -1)
    assert [tag["name"] for tag in groups[0]["tag"]] == ["爱吃甜"]


def test_an_outage_answers_busy_or_not_at_all(company):
    company.token()
    company.control("settings", outage="busy")
    busy = company.code(READ)
    company.control("settings", outage="down")

    assert busy == -1
    assert bare(company).status_code == 502


def test_secrets_and_tokens_are_not_in_the_ledger(company):
    company.control("fail_next", api="gettoken", effect="http")
    for _ in range(2):
        company.http.get("/cgi-bin/gettoken", params={"corpid": CORP, "corpsecret": SECRET})
    token = company.token()
    company.get("user/get", userid="manager0001")
    noted = str(company.see("ledger"))

    assert SECRET not in noted
    assert token not in noted
    assert "manager0001" in noted


def test_the_sandbox_refuses_production(monkeypatch):
    monkeypatch.setenv("ENV", "production")

    with pytest.raises(server.NotInProduction):
        server.refuse_production()
