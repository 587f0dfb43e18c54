"""Messages of the app to members, template cards included (wecom.md §3.13)."""

import json

import pytest


def message(**more):
    return {"touser": "manager0001", "agentid": 1000002, "msgtype": "text", "text": {"content": "该发 16 点了"}, **more}


def a_card(**card):
    return {"msgtype": "template_card", "template_card": card}


def card(task_id="slot-1", **more):
    body = {
        "card_type": "button_interaction",
        "task_id": task_id,
        "button_list": [{"text": "去发送", "key": "go"}],
        **more,
    }
    return message(msgtype="template_card", template_card=body)


def test_those_who_cannot_be_reached_are_named_in_lower_case(company):
    partial = company.ok("message/send", message(touser="Manager0001|NoBody"))

    assert partial["invaliduser"] == "nobody"
    assert company.code("message/send", message(touser="NoBody")) == 81013
    assert company.code("message/send", message(agentid=7)) == 301002


@pytest.mark.parametrize(
    ("change", "code"),
    [({"text": {"content": "好" * 683}}, 40058), ({"text": {}}, 40063), ({"msgtype": "poem"}, 40058),
     ({"msgtype": "textcard", "textcard": {"title": "t", "description": "d", "url": "u", "btntxt": "12345"}}, 40058),
     (a_card(card_type="text_notice"), 40063),
     (a_card(card_type="button_interaction", button_list=[{"text": "好"}]), 40063),
     (a_card(card_type="text_notice", card_action={}, task_id="有空格"), 40058)],
)  # fmt: skip
def test_a_message_is_refused_for_bad_content(company, change, code):
    assert company.code("message/send", message(**change)) == code


def test_a_card_is_sent_once_pressed_once_and_changed_once(company):
    company.ok("message/send", card())
    again = company.code("message/send", card())
    [row] = company.rows("message")
    code = company.do("click_card", message=row["id"], key="go")
    update = {
        "userids": ["manager0001", "Stranger"],
        "agentid": 1000002,
        "response_code": code,
        "button": {"replace_name": "已去"},
    }
    first = company.ok("message/update_template_card", update)
    second = company.code("message/update_template_card", update)
    [event] = company.events("template_card_event")

    assert (again, second, first["invaliduser"]) == (42014, 40058, ["stranger"])
    for part in (
        "<FromUserName><![CDATA[manager0001]]>",
        "<TaskId><![CDATA[slot-1]]>",
        f"<ResponseCode><![CDATA[{code}]]>",
    ):
        assert part in event["plaintext"]
    assert "没有这个按钮" in company.cannot("click_card", message=row["id"], key="go")


def test_a_response_code_lives_72_hours(company):
    company.ok("message/send", card())
    code = company.do("click_card", message=company.rows("message")[0]["id"], key="go")
    company.control("settings", token_seconds=10**7)
    company.control("tokens", do="revoke")
    company.tokens.clear()
    company.advance(72 * 3600 + 1)
    update = {"userids": ["manager0001"], "agentid": 1000002, "response_code": code, "button": {"replace_name": "已去"}}

    assert company.code("message/update_template_card", update) == 40058


def test_messages_above_thirty_a_minute_are_dropped_without_an_error(company):
    codes = {company.code("message/send", message(text={"content": str(number)})) for number in range(35)}

    assert (codes, len(company.rows("message"))) == ({0}, 30)
    company.advance(60)
    company.ok("message/send", message())
    assert len(company.rows("message")) == 31


def test_a_repetition_inside_its_interval_is_accepted_and_shown_once(company):
    once = message(enable_duplicate_check=1, duplicate_check_interval=600)
    for _ in range(2):
        company.ok("message/send", once)
    company.advance(601)
    company.ok("message/send", once)

    assert len(company.rows("message")) == 2


def test_a_message_can_be_taken_back_within_a_day(company):
    msgid = company.ok("message/send", message())["msgid"]
    company.ok("message/recall", {"msgid": msgid})

    assert [row["recalled"] for row in company.rows("message")] == [1]
    assert json.loads(company.rows("message")[0]["content"])["msgtype"] == "text"
    assert company.code("message/recall", {"msgid": "none"}) == 40058
