"""Transfers and statistics (wecom.md §3.10, §3.11)."""

import pytest

TRANSFER = "externalcontact/transfer_customer"
DAY = 86_400


@pytest.fixture
def patient(company):
    """A company whose tokens outlive the weeks of a test."""
    company.control("settings", token_seconds=10**8)
    return company


def hand_over(company, customers, path=TRANSFER, **more):
    body = {"handover_userid": "manager0001", "takeover_userid": "manager0002", "external_userid": customers, **more}
    return [row["errcode"] for row in company.ok(path, body)["customer"]]


def states(company, path="externalcontact/transfer_result"):
    body = {"handover_userid": "manager0001", "takeover_userid": "manager0002"}
    return [row["status"] for row in company.ok(path, body)["customer"]]


def test_a_transfer_takes_24_hours_and_the_customer_may_refuse(patient):
    yes, no = patient.customers()[:2]
    accepted = hand_over(patient, [yes, no, "wm-none", patient.customers("manager0002")[0]])
    again = hand_over(patient, [yes])
    patient.do("refuse_transfer", contact=no)
    waiting = states(patient)
    patient.advance(DAY)
    patient.control("deliver")

    assert (accepted, again) == ([0, 0, 40096, 84061], [40129])
    assert (waiting, states(patient)) == ([2, 3], [1, 3])
    assert yes in patient.customers("manager0002")
    assert no in patient.customers()
    kinds = [event["kind"].partition(".")[2] for event in patient.events()]
    assert kinds == ["transfer_fail", "del_external_contact", "add_external_contact"]
    assert "DELETE_BY_TRANSFER" in patient.events()[1]["plaintext"]


def test_a_customer_is_handed_over_twice_in_90_days_at_most(patient):
    [customer] = patient.customers()[:1]
    codes = []
    for _ in range(3):
        codes += hand_over(patient, [customer])
        patient.do("refuse_transfer", contact=customer) if codes[-1] == 0 else None
    patient.advance(91 * DAY)

    assert codes == [0, 0, 40128]
    assert hand_over(patient, [customer]) == [0]


def test_a_full_member_takes_nobody_over(company):
    company.control("settings", customers_per_member=20)

    assert hand_over(company, company.customers()[:1]) == [40099]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"status": 4}, 41054), ({"real_named": 0}, 40098), ({"visible": 0}, 60011), ({"last_login": 0}, 41054)],
)
def test_an_heir_must_be_able_to_serve(company, change, code):
    customers = company.customers()[:1]
    company.control("staff", userid="manager0002", **change)
    body = {"handover_userid": "manager0001", "takeover_userid": "manager0002", "external_userid": customers}

    assert company.code(TRANSFER, body) == code
    assert (
        company.code(
            "externalcontact/groupchat/onjob_transfer", {"chat_id_list": company.groups(), "new_owner": "manager0002"}
        )
        == code
    )


def test_the_customers_of_a_leaver_are_listed_and_handed_on(patient):
    chats, customers = patient.groups(), patient.customers()
    early = patient.code("externalcontact/resigned/transfer_customer", {
        "handover_userid": "manager0001", "takeover_userid": "manager0002", "external_userid": customers[:1],
    })  # fmt: skip
    patient.do("resign", userid="manager0001")
    first = patient.ok("externalcontact/get_unassigned_list", {"page_size": 15})
    second = patient.ok("externalcontact/get_unassigned_list", {"page_size": 15, "cursor": first["next_cursor"]})
    accepted = hand_over(patient, customers[:2], "externalcontact/resigned/transfer_customer")
    patient.advance(DAY)
    patient.control("deliver")

    assert early == 90500
    assert (first["is_last"], len(first["info"]), second["is_last"], len(second["info"])) == (False, 15, True, 5)
    assert accepted == [0, 0]
    assert states(patient, "externalcontact/resigned/transfer_result") == [1, 1]
    assert (
        patient.code(
            TRANSFER, {"handover_userid": "manager0001", "takeover_userid": "manager0002", "external_userid": customers}
        )
        == 60111
    )
    waiting = patient.ok("externalcontact/groupchat/list", {"limit": 10, "status_filter": 1})["group_chat_list"]
    assert sorted(row["chat_id"] for row in waiting) == sorted(chats)


def test_groups_change_hands_by_the_way_that_fits_their_owner(patient):
    chats = patient.groups()
    on_job, resigned = "externalcontact/groupchat/onjob_transfer", "externalcontact/groupchat/transfer"
    body = {"chat_id_list": [*chats, "wr-none"], "new_owner": "manager0002"}
    too_early = patient.ok(resigned, body)["failed_chat_list"]
    patient.do("resign", userid="manager0001")
    too_late = patient.ok(on_job, body)["failed_chat_list"]
    right = patient.ok(resigned, body)["failed_chat_list"]

    assert [row["errcode"] for row in too_early] == [90500, 90500, 90501]
    assert [row["errcode"] for row in too_late] == [90502, 90502, 90501]
    assert [row["chat_id"] for row in right] == ["wr-none"]
    assert {patient.group(chat)["owner"] for chat in chats} == {"manager0002"}


def test_a_group_changes_hands_on_the_job_twice_in_90_days_at_most(company):
    [chat, *_] = company.groups()
    codes = []
    for owner in ("manager0002", "manager0001", "manager0002"):
        body = {"chat_id_list": [chat], "new_owner": owner}
        codes += [
            [row["errcode"] for row in company.ok("externalcontact/groupchat/onjob_transfer", body)["failed_chat_list"]]
        ]

    assert codes == [[], [], [40128]]


def test_statistics_count_what_happened_per_owner_and_day(company):
    now = int(company.see("state")["now"])
    chat = company.groups()[0]
    for _ in range(2):
        company.do("join", chat_id=chat, person=company.do("create_contact"))
    company.do("say", room=chat, sender="manager0001", text="早上好")
    scope = {
        "day_begin_time": now,
        "day_end_time": now,
        "owner_filter": {"userid_list": ["manager0001", "manager0002"]},
    }
    first = company.ok("externalcontact/groupchat/statistic", scope | {"limit": 1, "order_by": 3})
    second = company.ok(
        "externalcontact/groupchat/statistic", scope | {"limit": 1, "order_by": 3, "offset": first["next_offset"]}
    )
    [day] = company.ok("externalcontact/groupchat/statistic_group_by_day", scope)["items"]
    ours = first["items"][0]["data"]

    assert (first["total"], first["items"][0]["owner"], second["items"][0]["owner"]) == (
        2,
        "manager0001",
        "manager0002",
    )
    assert (ours["chat_total"], ours["new_member_cnt"] >= 2, ours["msg_total"], ours["chat_has_msg"]) == (2, True, 1, 1)
    assert day["data"]["msg_total"] == 1
    [behaviour] = company.ok("externalcontact/get_user_behavior_data", {
        "userid": ["manager0001"], "start_time": now, "end_time": now,
    })["behavior_data"]  # fmt: skip
    assert behaviour["stat_time"] % DAY == 16 * 3600  # midnight in Shanghai


@pytest.mark.parametrize(("back", "span", "code"), [(31, 31, 40058), (181, 1, 40058), (30, 30, 0), (0, -1, 40058)])
def test_statistics_reach_back_180_days_in_spans_of_30(company, back, span, code):
    begin = int(company.see("state")["now"]) - back * DAY
    scope = {
        "day_begin_time": begin,
        "day_end_time": begin + span * DAY,
        "owner_filter": {"userid_list": ["manager0001"]},
    }

    assert company.code("externalcontact/groupchat/statistic", scope) == code
