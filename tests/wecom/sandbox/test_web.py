"""The page of phones: what people see, tap, scan and write."""

import re
from urllib.parse import urlencode

PAGE = "http://127.0.0.1:8000/h5/slot/7"


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
