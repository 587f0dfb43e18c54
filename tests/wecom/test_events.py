from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wecom.envelopes import event_xml
from wecom.events import Unreadable, read_event


def test_kind_joins_event_and_change_type():
    event = read_event(event_xml("change_external_contact", "add_external_contact", UserID="Lin", WelcomeCode="W"))

    assert event.kind == "change_external_contact.add_external_contact"
    assert (event.text("UserID"), event.text("WelcomeCode"), event.text("State")) == ("Lin", "W", "")
    assert event.occurred_at == datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("<Item>a</Item><Item>b</Item>", ["a", "b"]),
        ("<Item>a</Item>", ["a"]),
        ("<Item></Item>", []),
        ("", []),
    ],
)
def test_list_of_members_is_a_list_whatever_its_length(items, expected):
    event = read_event(event_xml("change_external_chat", "update", MemChangeList=items))

    assert event.texts("MemChangeList", "Item") == expected


def test_list_of_members_may_be_missing():
    assert read_event(event_xml("change_external_chat", "update")).texts("MemChangeList", "Item") == []


@pytest.mark.parametrize("count", [1, 2])
def test_answers_of_a_card_are_structures_whatever_their_number(count):
    item = "<SelectedItem><QuestionKey>q</QuestionKey><OptionIds><OptionId>1</OptionId></OptionIds></SelectedItem>"
    event = read_event(event_xml("template_card_event", SelectedItems=item * count, TaskId="T"))

    answers = event.groups("SelectedItems", "SelectedItem")

    assert answers == [{"QuestionKey": "q", "OptionIds": {"OptionId": "1"}}] * count


def test_message_is_named_by_its_type():
    assert read_event("<xml><MsgType>text</MsgType><Content>hi</Content></xml>").kind == "message.text"


def test_number_that_is_missing_or_no_number_is_none():
    event = read_event(event_xml("change_external_chat", "update", JoinScene="3", QuitScene="x"))

    assert (event.number("JoinScene"), event.number("QuitScene"), event.number("CurMemVer")) == (3, None, None)


def test_event_as_json_reads_like_the_one_as_xml():
    event = read_event('{"MsgType": "event", "Event": "change_contact", "ChangeType": "delete_user", "UserID": "Lin"}')

    assert (event.kind, event.text("UserID")) == ("change_contact.delete_user", "Lin")


@pytest.mark.parametrize(
    "plaintext",
    [
        "", "plain", "{", "<xml>", "<a>" * 5_000 + "</a>" * 5_000, "[1]",
        '<!DOCTYPE xml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><MsgType>&b;</MsgType></xml>',
    ],
)  # fmt: skip
def test_plaintext_that_is_no_event_is_unreadable(plaintext):
    with pytest.raises(Unreadable):
        read_event(plaintext)


@pytest.mark.parametrize("created", ["99999999999999999999", "-1e9", "", "昨天"])
def test_time_that_makes_no_sense_is_left_out(created):
    assert read_event(f"<xml><MsgType>event</MsgType><CreateTime>{created}</CreateTime></xml>").occurred_at is None


@given(st.text(max_size=300))
def test_any_text_is_an_event_or_unreadable(text):
    for plaintext in (text, f"<xml><MsgType>event</MsgType><Event>{text}</Event></xml>"):
        try:
            event = read_event(plaintext)
        except Unreadable:
            continue
        assert len(event.kind) <= 96
