"""The page of phones, log-in links and the JS-SDK stub (wecom.md §3.15, §3.16)."""

import hashlib
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.wecom.sandbox.company import CORP

BACK = "http://127.0.0.1:8000/login/done?next=1"
PAGE = "http://127.0.0.1:8000/h5/slot/7"
ORIGIN = {"origin": "http://127.0.0.1:8000"}


def client_link(**change):
    query = {
        "appid": CORP, "redirect_uri": BACK, "response_type": "code", "scope": "snsapi_base", "state": "s-1",
        "agentid": "1000002",
    }  # fmt: skip
    return "/connect/oauth2/authorize?" + urlencode(query | change)


def web_link(**change):
    query = {"login_type": "CorpApp", "appid": CORP, "agentid": "1000002", "redirect_uri": BACK, "state": "s-1"}
    return "/wwlogin/sso/login?" + urlencode(query | change)


def choose(company, page, person):
    """Choose somebody on the page of a log-in link; the parameters that come back."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    given = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
    response = company.http.post("/sandbox/act/identify", data=given | {"person": person})
    assert response.status_code == 303
    assert response.headers["location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


@pytest.mark.parametrize("link", [client_link, web_link])
def test_a_log_in_brings_a_code_that_works_once_and_the_state(company, link):
    back = choose(company, company.http.get(link()), "manager0001")
    first = company.get("auth/getuserinfo", code=back["code"])
    again = company.get("auth/getuserinfo", code=back["code"])

    assert (back["state"], back["next"]) == ("s-1", "1")
    assert (first["errcode"], first["userid"], "user_ticket" in first) == (0, "manager0001", False)
    assert again["errcode"] == 40029


def test_a_code_lives_five_minutes(company):
    back = choose(company, company.http.get(client_link()), "manager0001")
    company.advance(300)

    assert company.get("auth/getuserinfo", code=back["code"])["errcode"] == 40029


def test_a_private_scope_brings_a_ticket_for_the_phone_number(company):
    back = choose(company, company.http.get(client_link(scope="snsapi_privateinfo")), "manager0001")
    ticket = company.get("auth/getuserinfo", code=back["code"])["user_ticket"]

    assert company.ok("auth/getuserdetail", {"user_ticket": ticket})["mobile"] == "16100000000"
    assert company.code("auth/getuserdetail", {"user_ticket": "none"}) == 40058


def test_a_customer_is_no_member(company):
    customer = company.customers()[0]
    back = choose(company, company.http.get(client_link()), customer)
    visitor = company.get("auth/getuserinfo", code=back["code"])

    assert (visitor["external_userid"], "userid" in visitor) == (customer, False)


@pytest.mark.parametrize(
    "link",
    [client_link(appid="ww0"), client_link(redirect_uri="https://evil.example/"), client_link(response_type="token"),
     client_link(scope="snsapi_privateinfo", agentid=""), web_link(agentid="7"), web_link(login_type="ServiceApp"),
     web_link(redirect_uri="http://127.0.0.1:8000.evil.example/")],
)  # fmt: skip
def test_a_wrong_link_shows_an_error_and_gives_no_code(company, link):
    page = company.http.get(link)

    assert (page.status_code, "打不开" in page.text) == (400, True)


def registration(company, names, **change):
    """What the stub sends: the page's two signatures, made of the tickets the platform got."""
    signed = {}
    for part, path, query in (
        ("config", "get_jsapi_ticket", {}),
        ("agentConfig", "ticket/get", {"type": "agent_config"}),
    ):
        ticket = company.get(path, **query)["ticket"]
        text = f"jsapi_ticket={ticket}&noncestr=n&timestamp=1&url={PAGE}"
        signed[part] = {
            "timestamp": 1,
            "nonceStr": "n",
            "signature": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
        }
    return {"corpId": CORP, "agentId": "1000002", "jsApiList": names, "url": f"{PAGE}#top", **signed, **change}


def open_phone(company, **query):
    given = {"userid": "manager0001", "url": PAGE, **query}
    return company.http.get("/sandbox/open", params=given)


def js(company, name, arguments=None, **change):
    names = change.pop("names", [name])
    body = {"registration": registration(company, names, **change), "arguments": arguments or {}}
    return company.http.post(f"/sandbox/js/{name}", json=body, headers=ORIGIN).json()


LINK = {"msgtype": "link", "link": {"title": "阳光玫瑰", "url": "https://a.example", "desc": "今晚自提"}}


def test_one_tap_opens_the_group_with_one_link_message(company):
    open_phone(company)
    chat = company.groups()[0]
    sent = js(company, "openExistedChatWithMsg", {"chatId": chat, "msg": LINK})
    foreign = js(company, "openExistedChatWithMsg", {"chatId": company.groups("manager0002")[0], "msg": LINK})
    text = js(
        company, "openExistedChatWithMsg", {"chatId": chat, "msg": {"msgtype": "text", "text": {"content": "好"}}}
    )

    assert sent == {"errMsg": "openExistedChatWithMsg:ok"}
    assert foreign["errMsg"] == "openExistedChatWithMsg:fail not in the chat"
    assert text["errMsg"] == "openExistedChatWithMsg:fail only one link message"
    assert [(row["room"], row["sender"]) for row in company.rows("said")] == [(chat, "manager0001")]


def test_a_message_goes_into_the_open_chat_only_from_its_toolbar(company):
    chat, text = company.groups()[0], {"msgtype": "text", "text": {"content": "四点半自提"}}
    open_phone(company)
    outside = js(company, "sendChatMessage", text)
    open_phone(company, entry="group_chat_tools", chat=chat)
    inside = js(company, "sendChatMessage", text)

    assert outside["errMsg"] == "sendChatMessage:fail without context of chat"
    assert inside["errMsg"] == "sendChatMessage:ok"
    assert js(company, "getCurExternalChat") == {"errMsg": "getCurExternalChat:ok", "chatId": chat}
    assert js(company, "getContext")["entry"] == "group_chat_tools"
    assert js(company, "getCurExternalContact")["errMsg"].endswith("without context of external contact")


def test_a_customers_profile_names_the_customer(company):
    customer = company.customers()[0]
    open_phone(company, entry="contact_profile", contact=customer)

    assert js(company, "getCurExternalContact")["userId"] == customer


def test_sharing_to_groups_uses_up_their_quota(company):
    company.control("settings", quota_rule="day")
    open_phone(company)
    shared = js(company, "shareToExternalChat", {"text": {"content": "到货"}})

    assert shared["errMsg"] == "shareToExternalChat:ok"
    msgid = company.ok("externalcontact/add_msg_template", {
        "chat_type": "group", "sender": "manager0001", "chat_id_list": company.groups(), "text": {"content": "再来"},
    })["msgid"]  # fmt: skip
    assert company.do("tap", msgid=msgid, userid="manager0001")["over_quota"] == 2


def test_a_new_group_needs_customers_and_not_too_many(company):
    open_phone(company)
    customers = company.customers()
    made = js(company, "openEnterpriseChat", {"externalUserIds": customers[:3], "groupName": "试吃群"})
    many = [company.do("create_contact") for _ in range(41)]

    assert company.group(made["chatId"])["name"] == "试吃群"
    assert js(company, "openEnterpriseChat", {"externalUserIds": []})["errMsg"].endswith(
        "too few or too many external contacts"
    )
    assert js(company, "openEnterpriseChat", {"externalUserIds": many})["errMsg"].endswith(
        "too few or too many external contacts"
    )


def test_a_call_needs_its_signature_its_place_in_the_list_and_a_phone(company):
    nobody = js(company, "getContext")
    open_phone(company)
    names = js(company, "getContext", names=["sendChatMessage"])
    forged = js(company, "getContext", url=f"{PAGE}?other=1")
    agent = js(company, "getCurExternalChat", agentId="7")
    foreign = company.http.post("/sandbox/js/getContext", json={}, headers={"origin": "https://evil.example"})
    registered = js(company, "register")

    assert "not in the WeCom client" in nobody["errMsg"]
    assert names["errMsg"] == "getContext:fail no permission: not in jsApiList"
    assert forged["errMsg"] == "getContext:fail invalid signature"
    assert agent["errMsg"] == "getCurExternalChat:fail invalid agentid"
    assert foreign.status_code == 403
    assert registered["errMsg"] == "register:ok"


def test_phones_show_the_chat_from_both_sides_and_the_task_to_tap(company):
    chat = company.groups()[0]
    person = company.do("create_contact", name="<赵敏>")
    company.do("join", chat_id=chat, person=person)
    company.do("say", room=chat, sender=person, text="<b>几点</b>可以自提？")
    company.ok("externalcontact/add_msg_template", {
        "chat_type": "group", "sender": "manager0001", "chat_id_list": [chat], "text": {"content": "阳光玫瑰到店"},
    })  # fmt: skip
    at = {"manager": "manager0001", "customer": person}
    page = company.http.get("/sandbox/", params=at | {"m_room": chat, "c_room": chat})
    mass = company.http.get("/sandbox/phones", params=at | {"m_room": "mass"})

    assert page.text.count("&lt;b&gt;几点&lt;/b&gt;可以自提？") == 2
    assert "<b>几点</b>" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert ("阳光玫瑰到店" in mass.text, "本期还可发 30 次" in mass.text) == (True, True)
    assert not re.search(r"<script(?! src)|style=|onclick=|https?://(?!127)", page.text)


def test_the_buttons_of_the_page_do_what_people_do_and_say_what_they_cannot(company):
    chat = company.groups()[0]
    headers = {"hx-request": "true"}
    done = company.http.post(
        "/sandbox/act/say", data={"room": chat, "sender": "manager0001", "text": "早"}, headers=headers
    )
    cannot = company.http.post(
        "/sandbox/act/say", data={"room": chat, "sender": "stranger", "text": "早"}, headers=headers
    )
    faults = company.http.post(
        "/sandbox/act/faults", data={"loss": "3", "duplicate": "10", "delay": "0"}, headers=headers
    )
    foreign = company.http.post("/sandbox/act/say", data={}, headers={"origin": "https://evil.example"})

    assert (done.text.strip(), faults.text.strip()) == ("已完成", "回调故障已设置")
    assert cannot.text.strip() == "做不到：不在群里，不能发言"
    assert (company.see("settings")["faults"]["loss"], company.see("settings")["faults"]["duplicate"]) == (0.03, 0.1)
    assert foreign.status_code == 403


def test_a_code_has_a_picture_and_a_page_on_which_a_new_customer_scans_it(company):
    body = {"type": 1, "scene": 2, "user": ["manager0001"], "remark": "收银台"}
    code = company.ok("externalcontact/add_contact_way", body)
    picture = company.http.get(f"/sandbox/qr/{code['config_id']}.png")
    page = company.http.get(f"/sandbox/scan/{code['config_id']}")
    scanned = company.http.post("/sandbox/act/scan", data={"code": code["config_id"], "name": "赵敏", "contact": ""})

    assert picture.content.startswith(b"\x89PNG")
    assert "收银台" in page.text
    assert scanned.status_code == 303
    assert scanned.headers["location"].startswith("/sandbox/?manager=manager0001&customer=wm")
    assert company.http.get("/sandbox/scan/none").status_code == 400
    assert company.http.get("/sandbox/qr/none.png").status_code == 404


def test_the_stub_defines_the_documented_calls_for_this_address(company):
    script = company.http.get("/sandbox/jssdk.js").text

    for name in (
        "getContext",
        "sendChatMessage",
        "openExistedChatWithMsg",
        "shareToExternalChat",
        "openEnterpriseChat",
    ):
        assert f'"{name}"' in script
    assert '"base": "http://127.0.0.1:8090"' in script


def shown(company, **at):
    return company.http.get("/sandbox/phones", params=at).text


def test_links_open_in_the_phone_of_whoever_taps_them(company):
    customer = company.customers()[0]
    room = f"manager0001|{customer}"
    company.do("say", room=room, sender="manager0001", text=f"看这里：{PAGE}。或 https://example.com/a?b=1")
    page = shown(company, manager="manager0001", customer=customer, m_room=room, c_room=room)
    opened = company.http.get("/sandbox/open", params={"userid": customer, "url": PAGE})

    for userid in ("manager0001", customer):
        assert f'href="/sandbox/open?{urlencode({"userid": userid, "url": PAGE}).replace("&", "&amp;")}"' in page
    assert page.count('href="https://example.com/a?b=1" target="_blank" rel="noopener"') == 2
    assert (opened.headers["location"], opened.cookies["sandbox_phone"].partition("~")[0]) == (PAGE, customer)


def test_what_people_write_never_becomes_markup(company):
    customer = company.customers()[0]
    room = f"manager0001|{customer}"
    company.do("say", room=room, sender=customer, text='<script>1</script> <a href="javascript:alert(1)">x</a>')
    page = shown(company, manager="manager0001", customer=customer, m_room=room, c_room=room)

    assert "<script>1" not in page
    assert 'href="javascript' not in page


def test_a_picture_of_a_group_code_in_a_chat_is_scanned_by_whoever_sees_it(company):
    body = {"scene": 2, "chat_id_list": [company.groups()[0]], "state": "dq7"}
    config_id = company.ok("externalcontact/groupchat/add_join_way", body)["config_id"]
    picture = company.http.get(f"/sandbox/qr/{config_id}.png").content
    media = company.upload(content=picture)["media_id"]
    plain = company.upload(content=picture[:-80] + picture[-12:])["media_id"]
    welcome = company.do("befriend", userid="manager0001", contact=(person := company.do("create_contact")), add_way=1)
    attachments = [{"msgtype": "image", "image": {"media_id": one}} for one in (media, plain)]
    company.ok("externalcontact/send_welcome_msg", {"welcome_code": welcome, "attachments": attachments})
    room = f"manager0001|{person}"
    page = shown(company, manager="manager0001", customer=person, c_room=room)
    link = f"/sandbox/scan/{config_id}?customer={person}"
    asked = company.http.get(link).text
    company.http.post("/sandbox/act/scan", data={"code": config_id, "contact": person})

    assert page.count("长按识别二维码") == 1
    assert link in page
    assert f'name="contact" value="{person}"' in asked
    [joined] = [row for row in company.rows("chat_member") if row["member"] == person]
    assert (joined["state"], joined["scene"]) == ("dq7", 3)


def test_a_scan_that_fails_says_why(company):
    body = {"scene": 2, "chat_id_list": [company.groups()[0]], "auto_create_room": 0}
    config_id = company.ok("externalcontact/groupchat/add_join_way", body)["config_id"]
    company.do("dismiss", chat_id=company.groups()[0])
    refused = company.http.post("/sandbox/act/scan", data={"code": config_id, "contact": ""})

    assert (refused.status_code, "群已满，暂时无法加入" in refused.text) == (400, True)


def test_people_are_found_by_name_and_shop_and_codes_are_the_shops_own(company):
    for userid in ("manager0001", "manager0002"):
        body = {"type": 1, "scene": 2, "user": [userid], "remark": f"{userid}·收银台"}
        company.ok("externalcontact/add_contact_way", body)
    by_shop = company.http.get("/sandbox/", params={"q": "0002店"}).text
    mine = company.http.get("/sandbox/", params={"manager": "manager0002"}).text

    assert ("?manager=manager0002" in by_shop, '?manager=manager0001"' in by_shop) == (True, False)
    assert mine.count('src="/sandbox/qr/') == 1
    assert "入口码 · 0002店" in mine


def test_a_card_shows_its_facts_and_opens_its_page(company):
    card = {
        "card_type": "text_notice", "main_title": {"title": "十二点的内容", "desc": "还有 10 分钟"},
        "horizontal_content_list": [{"keyname": "门店", "value": "0001店"}], "card_action": {"type": 1, "url": PAGE},
    }  # fmt: skip
    company.ok("message/send", {
        "touser": "manager0001", "msgtype": "template_card", "agentid": 1000002, "template_card": card,
    })  # fmt: skip
    page = shown(company, manager="manager0001", m_room="app")

    assert "十二点的内容" in page
    assert "<dt>门店</dt><dd>0001店</dd>" in page
    assert urlencode({"userid": "manager0001", "url": PAGE}).replace("&", "&amp;") in page
