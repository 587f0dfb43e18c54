"""The platform's client against the sandbox: two readings of the same fact sheet that must agree."""

from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.wecom.fake import NotedAlerts
from tests.wecom.sandbox.company import CORP, PNG, SECRET
from tests.wecom.sandbox.conftest import NOON
from wecom.client.codes import ContactWay, JoinWay
from wecom.client.content import Image, Link
from wecom.client.errors import WeComRefused
from wecom.client.welcome import Outcome
from wecom.configuration import Application
from wecom.gateway import connect

NOW = datetime.fromtimestamp(NOON, ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def wecom(company, store):
    with httpx.Client(trust_env=False) as http:
        app = Application("app", CORP, SECRET, "1000002")
        yield connect(app=app, base=company.base, store=store, http=http, alerts=NotedAlerts(), sleep=lambda _: None)


def test_everybody_and_every_group_is_read_with_the_least_calls(company, wecom):
    rows = [row for page in wecom.customers.pages_of(userids=["manager0001", "manager0002"]) for row in page.items]
    chats = [row["chat_id"] for page in wecom.groups.pages() for row in page.items]
    members = [wecom.groups.get(chat_id=chat)["member_list"] for chat in chats]
    calls = [entry["name"] for entry in company.see("ledger", kind="api")["entries"]]

    assert (len(rows), len(chats), [len(group) for group in members]) == (40, 4, [11] * 4)
    assert len(calls) == 1 + 1 + 1 + 4  # token, one page of customers, one of groups, each group


def test_a_customer_is_followed_from_the_code_to_the_welcome(company, wecom):
    code = wecom.codes.add_contact_way(ContactWay(users=("manager0001",), state="收银台-07"))
    scanned = company.do("scan", code=code.qr_code)
    picture = wecom.media.upload(kind="image", name="a.png", content=PNG, media_type="image/png")
    send = {
        "welcome_code": scanned["welcome_code"],
        "deadline": 0,
        "text": "欢迎",
        "attachments": [Image(media_id=picture)],
    }
    outcomes = [wecom.welcome.send(**send), wecom.welcome.send(**send)]
    follow = wecom.customers.get(external_userid=scanned["external_userid"]).follows[0]

    assert outcomes == [Outcome.SENT, Outcome.ALREADY]
    assert (follow["state"], follow["add_way"]) == ("收银台-07", 1)


def test_a_group_send_goes_from_the_task_to_its_results(company, wecom):
    chats = company.groups()
    created = wecom.group_sends.to_groups(
        sender="manager0001", chat_ids=chats, text="", attachments=[Link("题", "https://a.example")]
    )
    company.do("tap", msgid=created.msgid, userid="manager0001")
    company.advance(30)
    [tasks] = list(wecom.group_sends.task_pages(msgid=created.msgid))
    [results] = list(wecom.group_sends.result_pages(msgid=created.msgid, userid="manager0001"))
    [listed] = list(wecom.group_sends.pages(chat_type="group", since=NOW, until=NOW))

    assert [task["status"] for task in tasks.items] == [2]
    assert [row["status"] for row in results.items] == [1, 1]
    assert [row["msgid"] for row in listed.items] == [created.msgid]


def test_tags_cards_codes_moments_and_figures_are_understood(company, wecom):
    customer, chats = company.customers()[0], company.groups()
    tag = wecom.tags.add(names=["爱吃甜"], group_name="口味")["tag"][0]["id"]
    wecom.tags.mark(userid="manager0001", external_userid=customer, add=[tag])
    card = {"card_type": "button_interaction", "task_id": "slot-1", "button_list": [{"text": "去发送", "key": "go"}]}
    receipts = [wecom.messages.send_card(to=["Manager0001", "Nobody"], card=card) for _ in range(2)]
    way = wecom.codes.add_join_way(JoinWay(chat_ids=tuple(chats), state="海报"))
    jobid = wecom.moments.create(text="到货", userids=["manager0001"])
    company.advance(5)
    figures = [
        row
        for page in wecom.statistics.by_owner_pages(owners=["manager0001"], since=NOW, until=NOW)
        for row in page.items
    ]

    assert (receipts[0].invalid, receipts[1].duplicate) == (("nobody",), True)
    assert wecom.codes.join_way(config_id=way)["chat_id_list"] == chats
    assert wecom.moments.result(jobid=jobid).status == 3
    assert figures[0]["data"]["chat_total"] == 2
    assert wecom.transfers.customers(
        handover="manager0001", takeover="manager0002", external_userids=[customer, "wm-none"], resigned=False
    ) == {customer: 0, "wm-none": 40096}
    assert len(wecom.js_sdk.sign(url="http://127.0.0.1:8000/", ticket="agent").signature) == 40


def test_a_token_that_ends_early_is_renewed_and_a_refusal_keeps_its_code(company, wecom):
    first = wecom.contacts.user(userid="manager0001")
    company.control("tokens", do="revoke")
    again = wecom.contacts.user(userid="manager0001")

    assert first == again
    with pytest.raises(WeComRefused) as refusal:
        wecom.contacts.user(userid="nobody")
    assert refusal.value.code == 60111
