"""The JS-SDK stub refuses what the client would refuse (wecom.md §3.16)."""

import hashlib

from tests.wecom.sandbox.company import CORP

PAGE = "http://127.0.0.1:8000/h5/slot/7"


ORIGIN = {"origin": "http://127.0.0.1:8000"}


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
