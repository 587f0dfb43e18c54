"""Contacts, customers, tags and groups as the API shows them (wecom.md §3.2–3.5)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wecom.sandbox.company import CONTACTS_SECRET
from wecom.sandbox.routing import APIS

BATCH = "externalcontact/batch/get_by_user"


def pages(company, path, body, key):
    """Every row of a list that comes in pages, and how many pages that took."""
    rows, cursor, count = [], "", 0
    while True:
        answer = company.ok(path, body | ({"cursor": cursor} if cursor else {}))
        rows += answer[key]
        count += 1
        cursor = answer.get("next_cursor", "")
        if not cursor:
            return rows, count


def test_members_are_found_in_any_case_and_named_when_unknown(company):
    assert company.get("user/get", userid="MANAGER0001")["userid"] == "manager0001"
    assert company.get("user/get", userid="nobody")["errcode"] == 60111
    assert company.get("user/get", userid="")["errcode"] == 40003
    assert company.get("user/list", department_id=99)["errcode"] == 60123
    assert [user["userid"] for user in company.get("user/list", department_id=2)["userlist"]] == ["manager0001"]


def test_the_department_tree_is_read_from_any_node(company):
    everything = company.get("department/simplelist")["department_id"]
    below = company.get("department/simplelist", id=2)["department_id"]

    assert [node["id"] for node in everything] == [1, 2, 3]
    assert below == [{"id": 2, "parentid": 1, "order": 2}]
    assert company.get("department/get", id=2)["department"]["name"] == "0001店"
    assert company.get("department/get", id="two")["errcode"] == 40035


def test_all_members_come_in_pages_for_the_contacts_secret(company):
    first = company.post("user/list_id", {"limit": 1}, secret=CONTACTS_SECRET)
    second = company.post("user/list_id", {"limit": 1, "cursor": first["next_cursor"]}, secret=CONTACTS_SECRET)

    assert [first["dept_user"], second["dept_user"]] == [
        [{"userid": "manager0001", "department": 2}], [{"userid": "manager0002", "department": 3}],
    ]  # fmt: skip
    assert second["next_cursor"] == ""


def test_looking_for_too_many_unknown_phones_blocks_the_search_for_the_day(company):
    codes = [company.code("user/getuserid", {"mobile": f"1610000{n}"}) for n in range(3)]
    known = company.code("user/getuserid", {"mobile": "16100000000"})
    company.control("settings", token_seconds=200_000)
    company.control("tokens", do="revoke")
    company.tokens.clear()
    company.advance(86_400)

    assert (codes, known) == ([46004, 45009, 45009], 45009)
    assert company.ok("user/getuserid", {"mobile": "16100000000"})["userid"] == "manager0001"


def test_customers_of_members_come_in_pages_without_gaps_or_repetitions(company):
    body = {"userid_list": ["MANAGER0002", "manager0001"], "limit": 7}
    rows, count = pages(company, BATCH, body, "external_contact_list")
    ids = [(row["follow_info"]["userid"], row["external_contact"]["external_userid"]) for row in rows]

    assert (len(ids), len(set(ids)), count) == (40, 40, 6)
    assert {userid for userid, _ in ids} == {"manager0001", "manager0002"}


@pytest.mark.parametrize(
    ("body", "code"),
    [({"userid_list": []}, 40063), ({"userid_list": ["m"] * 101}, 40058), ({"userid_list": "manager0001"}, 40035),
     ({"userid_list": ["manager0001"], "limit": 101}, 40058), ({"userid_list": ["manager0001"], "limit": "5"}, 40035),
     ({"userid_list": ["manager0001"], "cursor": "made-up"}, 40035), ({"userid_list": ["nobody"]}, 60111)],
)  # fmt: skip
def test_a_page_of_customers_is_refused_for_bad_arguments(company, body, code):
    answer = company.post(BATCH, body)

    assert (answer["errcode"], answer["external_contact_list"]) == (code, [])


@pytest.mark.parametrize(
    ("change", "code"),
    [({"status": 4}, 41054), ({"real_named": 0}, 40098), ({"visible": 0}, 60011), ({"follows": 0}, 48002)],
)
def test_a_member_who_may_not_serve_customers_is_refused_for_his_own_reason(company, change, code):
    company.control("staff", userid="manager0001", **change)

    assert company.get("externalcontact/list", userid="manager0001")["errcode"] == code


def test_what_a_member_notes_is_limited_and_numbers_are_overwritten(company):
    pair = {"userid": "manager0001", "external_userid": company.customers()[0]}
    long = company.code("externalcontact/remark", pair | {"remark": "长" * 21})
    empty = company.code("externalcontact/remark", pair)
    stranger = company.code("externalcontact/remark", pair | {"userid": "manager0002", "remark": "不认识"})
    company.ok("externalcontact/remark", pair | {"remark": "李姐", "remark_mobiles": ["161", "162"]})
    company.ok("externalcontact/remark", pair | {"remark_mobiles": ["163"]})
    [follow] = company.get("externalcontact/get", external_userid=pair["external_userid"])["follow_user"]

    assert (long, empty, stranger) == (40058, 40063, 84061)
    assert (follow["remark"], follow["remark_mobiles"], follow["oper_userid"]) == (
        "李姐",
        ["163"],
        pair["external_userid"],
    )
    assert company.get("externalcontact/get", external_userid="wm-nobody")["errcode"] == 40096


def test_customers_who_part_are_no_longer_theirs(company):
    customer = company.customers()[0]
    company.do("part", userid="manager0001", contact=customer, by="customer")
    [event] = company.events()

    assert event["kind"] == "change_external_contact.del_follow_user"
    assert company.get("externalcontact/get", external_userid=customer)["errcode"] == 84061
    assert customer not in company.customers()
    assert "不是好友" in company.cannot("part", userid="manager0001", contact=customer, by="member")


def make_tags(company, *names):
    body = {"group_name": "口味", "tag": [{"name": name} for name in names]}
    return company.ok("externalcontact/add_corp_tag", body)["tag_group"]


def test_a_tag_belongs_to_a_member_and_a_customer(company):
    customer = company.customers()[0]
    company.do("befriend", userid="manager0002", contact=customer, add_way=3)
    tag = make_tags(company, "爱吃甜")["tag"][0]["id"]
    mark = {"userid": "manager0001", "external_userid": customer, "add_tag": [tag]}
    company.ok("externalcontact/mark_tag", mark)
    follows = company.get("externalcontact/get", external_userid=customer)["follow_user"]
    [row] = [
        row for row in company.ok(BATCH, {"userid_list": ["manager0001"]})["external_contact_list"]
        if row["external_contact"]["external_userid"] == customer
    ]  # fmt: skip

    assert {follow["userid"]: [tag["tag_name"] for tag in follow["tags"]] for follow in follows} == {
        "manager0001": ["爱吃甜"], "manager0002": [],
    }  # fmt: skip
    assert row["follow_info"]["tag_id"] == [tag]
    assert (
        company.code("externalcontact/mark_tag", mark | {"external_userid": company.customers("manager0002")[0]})
        == 84061
    )
    assert company.code("externalcontact/mark_tag", mark | {"add_tag": ["et-none"]}) == 40058


def test_a_name_exists_once_in_a_group_and_an_emptied_group_disappears(company):
    first, second = make_tags(company, "甜", "酸"), make_tags(company, "酸", "脆")
    assert [tag["name"] for tag in second["tag"]] == ["甜", "酸", "脆"]
    assert first["group_id"] == second["group_id"]
    company.ok("externalcontact/del_corp_tag", {"tag_id": [tag["id"] for tag in second["tag"]]})
    assert company.ok("externalcontact/get_corp_tag_list")["tag_group"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [({"group_name": "组", "tag": []}, 40063), ({"tag": [{"name": "甜"}]}, 40063),
     ({"group_name": "组", "tag": [{}]}, 40063),
     ({"group_name": "组", "tag": [{"name": "长" * 31}]}, 40058),
     ({"group_id": "et0", "tag": [{"name": "甜"}]}, 40058)],
)  # fmt: skip
def test_a_tag_is_refused_without_a_group_or_with_a_bad_name(company, body, code):
    assert company.code("externalcontact/add_corp_tag", body) == code


def test_tags_of_the_admin_console_can_be_marked_and_not_edited(company):
    made = company.control("console_tag", group="会员等级", name="金卡")
    mark = {"userid": "manager0001", "external_userid": company.customers()[0], "add_tag": [made["tag_id"]]}

    assert company.code("externalcontact/mark_tag", mark) == 0
    assert company.code("externalcontact/edit_corp_tag", {"id": made["tag_id"], "name": "银卡"}) == 48002
    assert company.code("externalcontact/del_corp_tag", {"group_id": [made["group_id"]]}) == 48002


def test_groups_come_in_pages_and_need_a_limit(company):
    path = "externalcontact/groupchat/list"
    rows, count = pages(company, path, {"limit": 3}, "group_chat_list")

    assert (len(rows), len({row["chat_id"] for row in rows}), count) == (4, 4, 2)
    assert company.code(path, {}) == 40063
    assert company.code(path, {"limit": 1001}) == 40058
    assert company.code(path, {"limit": 1, "owner_filter": {"userid_list": ["x"] * 101}}) == 40058


def test_a_company_above_a_thousand_people_must_name_owners(company):
    company.control("reset")
    company.control("seed", managers=1001, groups=1001, contacts=0)

    assert company.code("externalcontact/groupchat/list", {"limit": 10}) == 81017
    assert len(company.groups("manager1001")) == 1


def test_a_group_shows_its_members_and_names_only_when_asked(company):
    chat = company.groups()[0]
    plain = company.ok("externalcontact/groupchat/get", {"chat_id": chat})["group_chat"]
    named = company.group(chat)

    assert {member["type"] for member in plain["member_list"]} == {1, 2}
    assert not any("name" in member for member in plain["member_list"])
    assert all(member["name"] for member in named["member_list"])
    assert company.code("externalcontact/groupchat/get", {"chat_id": "wr-none"}) == 90501


def test_a_group_takes_500_people_and_no_more(company):
    chat = company.groups()[0]
    company.control("settings", group_members=len(company.group(chat)["member_list"]) + 1)
    company.do("join", chat_id=chat, person=company.do("create_contact"))

    assert "上限" in company.cannot("join", chat_id=chat, person=company.do("create_contact"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4), max_leaves=8,
)  # fmt: skip
NAMES = st.sampled_from([
    "userid", "external_userid", "limit", "cursor", "chat_id", "text", "attachments", "tag", "group_name", "chat_type",
    "sender", "config_id", "type", "scene", "user", "touser", "msgtype", "agentid", "owner_filter", "start_time",
    "end_time", "day_begin_time", "visible_range", "button", "new_owner", "chat_id_list", "msgid", "state", "order",
])  # fmt: skip


@given(path=st.sampled_from(sorted(APIS)), body=st.dictionaries(NAMES, JSON, max_size=6) | JSON)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_is_answered_with_an_errcode(company, path, body):
    params = {"access_token": company.token()}
    response = company.http.request(APIS[path].method, f"/cgi-bin/{path}", params=params, json=body)

    assert response.status_code == 200
    assert isinstance(response.json()["errcode"], int)
