"""Encrypted callbacks: what they carry, how they are repeated, and what the faults do to them (wecom.md §1, §2)."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from wecom.envelope import Envelope, encrypted_payload
from wecom.events import read_event

KEY = "c2FuZGJveC1hZXMta2V5LTMyLWJ5dGVzLWxvbmchISE"


class Platform:
    """An address of ours that opens what arrives with the platform's own envelope."""

    def __init__(self) -> None:
        self.events, self.status, self.packets = [], 200, 0
        self.envelope = Envelope(token="SandboxToken", aes_key=KEY, receiver="wwsandbox00000001")
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                platform.receive(parse_qs(urlsplit(self.path).query), body)
                self.send_response(platform.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def do_GET(self):
                query = parse_qs(urlsplit(self.path).query)
                echo = platform.open(query, query["echostr"][0]).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(echo)))
                self.end_headers()
                self.wfile.write(echo)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/wecom/callback/"

    def open(self, query, payload) -> str:
        return self.envelope.open(
            payload, signature=query["msg_signature"][0], timestamp=query["timestamp"][0], nonce=query["nonce"][0]
        )

    def receive(self, query, body) -> None:
        self.packets += 1
        if self.status == 200:
            self.events.append(read_event(self.open(query, encrypted_payload(body))))


@pytest.fixture
def platform(company):
    it = Platform()
    thread = threading.Thread(target=it.server.serve_forever)
    thread.start()
    company.control("settings", callback_url=it.url)
    yield it
    it.server.shutdown()
    it.server.server_close()
    thread.join()


def test_a_scan_arrives_as_an_event_the_platforms_own_envelope_can_open(company, platform):
    body = {"type": 1, "scene": 2, "user": ["manager0001"], "state": "收银台-07"}
    code = company.ok("externalcontact/add_contact_way", body)
    scanned = company.do("scan", code=code["qr_code"], name="赵敏")
    company.control("deliver")
    [event] = platform.events

    assert event.kind == "change_external_contact.add_external_contact"
    assert event.text("UserID") == "manager0001"
    assert event.text("ExternalUserID") == scanned["external_userid"]
    assert event.text("State") == "收银台-07"
    assert event.text("WelcomeCode") == scanned["welcome_code"] != ""
    assert event.text("FromUserName") == "sys"


def test_joining_and_leaving_carry_scenes_members_and_versions(company, platform):
    [chat, *_], person = company.groups(), company.do("create_contact", name="赵敏")
    before = company.group(chat)["member_version"]
    company.do("join", chat_id=chat, person=person)
    between = company.group(chat)
    company.do("leave", chat_id=chat, person=person, removed=True)
    company.control("settings", callback_parallel=1)
    company.control("deliver")
    joined, left = sorted(platform.events, key=lambda event: event.text("UpdateDetail"))

    assert (joined.text("UpdateDetail"), joined.number("JoinScene"), joined.number("MemChangeCnt")) == (
        "add_member",
        3,
        1,
    )
    assert joined.texts("MemChangeList", "Item") == [person]
    assert (joined.text("LastMemVer"), joined.text("CurMemVer")) == (before, between["member_version"])
    assert (left.text("UpdateDetail"), left.number("QuitScene")) == ("del_member", 1)
    assert left.text("LastMemVer") == between["member_version"]
    [member] = [member for member in between["member_list"] if member["userid"] == person]
    assert member["join_scene"] == 3


def test_what_the_api_writes_causes_no_callback(company, platform):
    customer = company.customers()[0]
    tag = company.ok("externalcontact/add_corp_tag", {"group_name": "口味", "tag": [{"name": "爱吃甜"}]})["tag_group"]
    pair = {"userid": "manager0001", "external_userid": customer}
    company.ok("externalcontact/mark_tag", pair | {"add_tag": [tag["tag"][0]["id"]]})
    company.ok("externalcontact/remark", pair | {"remark": "老顾客"})
    company.ok(
        "externalcontact/groupchat/onjob_transfer", {"chat_id_list": company.groups()[:1], "new_owner": "manager0002"}
    )

    assert company.events() == []


def test_an_unanswered_event_is_tried_three_times_in_all(company, platform):
    platform.status = 500
    company.do("join", chat_id=company.groups()[0], person=company.do("create_contact"))
    for _ in range(5):
        company.control("deliver")
        company.advance(2)
    [event] = company.events()

    assert platform.packets == 3
    assert event["deliveries"] == [{"state": "given up", "tries": 3}]


def test_an_event_survives_an_outage_of_the_platform_shorter_than_three_tries(company, platform):
    platform.status = 503
    company.do("join", chat_id=company.groups()[0], person=company.do("create_contact"))
    company.control("deliver")
    platform.status = 200
    company.advance(2)
    company.control("deliver")

    assert (platform.packets, len(platform.events)) == (2, 1)


def joins(company, count=100):
    chat = company.groups()[0]
    return [company.do("join", chat_id=chat, person=company.do("create_contact")) for _ in range(count)]


def test_loss_and_duplication_happen_in_the_asked_proportion_and_the_same_way_each_time(company, platform):
    company.control("settings", faults={"loss": 0.1, "duplicate": 0.2, "seed": 5, "spread": 0.0})
    joins(company, 200)
    company.control("deliver")
    events = company.events()
    lost = [event["id"] for event in events if event["lost"]]
    doubled = [event["id"] for event in events if len(event["deliveries"]) == 2]

    assert (len(lost), len(doubled)) == (16, 45)
    assert len(platform.events) == 200 - 16 + 45


def test_a_delayed_event_comes_when_the_clock_gets_there(company, platform):
    company.control("settings", faults={"delay": 60.0})
    joins(company, 1)
    company.control("deliver")
    early = len(platform.events)
    company.advance(60)
    company.control("deliver")

    assert (early, len(platform.events)) == (0, 1)


def test_disorder_changes_the_order_and_loses_nothing(company, platform):
    company.control("settings", faults={"disorder": 0.5, "spread": 30.0}, callback_parallel=1)
    joins(company, 60)
    company.advance(31)
    company.control("deliver")
    happened = [read_event(event["plaintext"]).text("CurMemVer") for event in company.events()]
    arrived = [event.text("CurMemVer") for event in platform.events]

    assert arrived != happened
    assert sorted(arrived) == sorted(happened)


def test_the_address_is_verified_as_an_admin_would_save_it(company, platform):
    good = company.control("verify")["problem"]
    company.control("settings", callback_token="another")
    # The platform refuses the signature, so the connection breaks.
    platform.server.handle_error = lambda *_: None

    assert good == ""
    assert company.control("verify")["problem"].startswith("40057")


def test_texts_that_would_break_xml_arrive_as_they_were_said(company, platform):
    company.do("create_department", name="<总部> & ]]> “引号”")
    company.control("deliver")

    assert platform.events[0].text("Name") == "<总部> & ]]> “引号”"
