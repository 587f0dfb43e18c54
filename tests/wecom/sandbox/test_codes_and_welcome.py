"""Entry codes, welcomes and media (wecom.md §3.6, §3.7, §3.14)."""

import pytest

from tests.wecom.sandbox.company import PNG

WELCOME = "externalcontact/send_welcome_msg"
ADD = "externalcontact/add_contact_way"
JOIN = "externalcontact/groupchat/add_join_way"
SINGLE = {"type": 1, "scene": 2, "user": ["manager0001"]}


@pytest.mark.parametrize(
    ("change", "code"),
    [({"type": 3}, 40058), ({"scene": None}, 40063), ({"user": []}, 40058),
     ({"user": ["manager0001", "manager0002"]}, 40058),
     ({"user": ["nobody"]}, 60111), ({"state": "长" * 31}, 40058), ({"remark": "长" * 31}, 40058),
     ({"is_temp": True}, 40058),
     ({"type": 2, "user": []}, 40063), ({"type": 2, "party": [99]}, 60123), ({"type": 2, "user": ["m"] * 101}, 40058)],
)  # fmt: skip
def test_a_contact_code_is_refused_for_bad_arguments(company, change, code):
    assert company.code(ADD, SINGLE | change) == code


def test_a_contact_code_can_be_read_listed_changed_and_deleted(company):
    made = [company.ok(ADD, SINGLE | {"state": f"s{number}"})["config_id"] for number in range(3)]
    first = company.ok("externalcontact/list_contact_way", {"limit": 2})
    rest = company.ok("externalcontact/list_contact_way", {"limit": 2, "cursor": first["next_cursor"]})
    company.ok("externalcontact/update_contact_way", {"config_id": made[0], "user": ["manager0002"], "remark": "换人"})
    changed = company.ok("externalcontact/get_contact_way", {"config_id": made[0]})["contact_way"]
    company.ok("externalcontact/del_contact_way", {"config_id": made[0]})

    assert sorted(row["config_id"] for row in first["contact_way"] + rest["contact_way"]) == sorted(made)
    assert (changed["user"], changed["remark"], changed["state"]) == (["manager0002"], "换人", "s0")
    assert company.code("externalcontact/get_contact_way", {"config_id": made[0]}) == 40058
    assert "失效" in company.cannot("scan", code=made[0])


def test_a_shared_code_deals_customers_out_in_turn(company):
    code = company.ok(ADD, {"type": 2, "scene": 2, "user": ["manager0001", "manager0002"]})["config_id"]

    assert len({company.do("scan", code=code)["userid"] for _ in range(2)}) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [({"chat_id_list": []}, 40063), ({"chat_id_list": ["wr-none"]}, 90501),
     ({"chat_id_list": ["a", "b", "c", "d", "e", "f"]}, 40058),
     ({"scene": 3}, 40058), ({"state": "长" * 31}, 40058), ({"room_base_name": "长" * 41}, 40058)],
)  # fmt: skip
def test_a_join_code_is_refused_for_bad_arguments(company, change, code):
    assert company.code(JOIN, {"scene": 2, "chat_id_list": company.groups()[:1]} | change) == code


def test_a_join_code_hands_on_when_a_group_is_full_and_then_opens_a_new_one(company):
    first, second = company.groups()[:2]
    company.control("settings", join_way_members=len(company.group(first)["member_list"]) + 1)
    way = {
        "scene": 2,
        "chat_id_list": [first, second],
        "state": "门店海报-3",
        "room_base_name": "福利群",
        "room_base_id": 8,
    }
    code = company.ok(JOIN, way | {"remark": "长" * 40})["config_id"]
    joined = [company.do("scan", code=code) for _ in range(3)]
    new = company.group(joined[2]["chat_id"])
    after = company.ok("externalcontact/groupchat/get_join_way", {"config_id": code})["join_way"]

    assert [scan["chat_id"] for scan in joined[:2]] == [first, second]
    assert (new["name"], new["owner"]) == ("福利群8", "manager0001")
    assert (after["chat_id_list"], after["remark"]) == ([first, second, new["chat_id"]], "长" * 30)
    member = next(one for one in company.group(first)["member_list"] if one["userid"] == joined[0]["external_userid"])
    assert (member["state"], member["join_scene"]) == ("门店海报-3", 3)


def test_a_join_code_that_may_not_open_groups_turns_people_away(company):
    first = company.groups()[0]
    company.control("settings", join_way_members=2)
    code = company.ok(JOIN, {"scene": 2, "chat_id_list": [first], "auto_create_room": 0})["config_id"]

    assert "已满" in company.cannot("scan", code=code)


def newcomer(company):
    code = company.ok(ADD, SINGLE)["config_id"]
    return company.do("scan", code=code)


def hello(code, **more):
    return {"welcome_code": code, "text": {"content": "我是科技园店店长王芳"}, **more}


def test_a_welcome_is_sent_once(company):
    code = newcomer(company)["welcome_code"]

    assert [company.code(WELCOME, hello(code)) for _ in range(2)] == [0, 41051]
    assert [row["sender"] for row in company.rows("said")] == ["manager0001"]


@pytest.mark.parametrize(("seconds", "code"), [(19, 0), (20, 41050)])
def test_a_welcome_code_lives_twenty_seconds(company, seconds, code):
    welcome = newcomer(company)["welcome_code"]
    company.advance(seconds)

    assert company.code(WELCOME, hello(welcome)) == code


def test_a_welcome_is_refused_for_a_made_up_code_a_begun_chat_and_while_another_app_sends(company):
    first, second = newcomer(company), newcomer(company)
    company.do("say", room=f"manager0001|{first['external_userid']}", sender=first["external_userid"], text="在吗")
    company.control("rival", welcome_code=second["welcome_code"], seconds=2)
    rival = company.code(WELCOME, hello(second["welcome_code"]))
    company.advance(2)

    assert company.code(WELCOME, hello("made-up")) == 41050
    assert company.code(WELCOME, hello(first["welcome_code"])) == 41051
    assert (rival, company.code(WELCOME, hello(second["welcome_code"]))) == (41096, 0)


def test_a_bad_welcome_leaves_its_code_usable(company):
    code = newcomer(company)["welcome_code"]
    image = {"attachments": [{"msgtype": "image", "image": {"media_id": "expired"}}]}

    assert company.code(WELCOME, hello(code, **image)) == 40007
    assert company.code(WELCOME, {"welcome_code": code}) == 40063
    assert company.code(WELCOME, hello(code, text={"content": "好" * 1334})) == 40058
    assert company.code(WELCOME, hello(code, attachments=[{"msgtype": "link", "link": {}}])) == 40063
    assert company.code(WELCOME, hello(code)) == 0


def test_no_welcome_code_is_made_where_the_admin_greets_or_the_customer_is_of_a_company(company):
    company.control("staff", userid="manager0001", admin_welcome=1)
    greeted = newcomer(company)["welcome_code"]
    company.control("staff", userid="manager0001", admin_welcome=0)
    colleague = company.do("create_contact", type_=2)
    code = company.ok(ADD, SINGLE)["config_id"]

    assert (greeted, company.do("scan", code=code, contact=colleague)["welcome_code"]) == ("", "")


def test_a_customer_who_must_be_accepted_brings_two_events_and_one_welcome_code(company):
    code = company.ok(ADD, SINGLE | {"skip_verify": False})["config_id"]
    scanned = company.do("scan", code=code)
    company.ok(WELCOME, hello(scanned["welcome_code"]))
    second = company.do("accept", userid="manager0001", contact=scanned["external_userid"])

    assert [event["kind"].partition(".")[2] for event in company.events()] == [
        "add_half_external_contact",
        "add_external_contact",
    ]
    assert second == ""


def test_the_owner_picks_a_group_welcome_and_newcomers_read_their_name_in_it(company):
    path, chat = "externalcontact/group_welcome_template", company.groups()[0]
    template = company.ok(f"{path}/add", {"text": {"content": "欢迎 %NICKNAME%！"}})["template_id"]
    company.do("pick_welcome", chat_id=chat, template_id=template)
    company.do("join", chat_id=chat, person=company.do("create_contact", name="赵敏"))

    assert "欢迎 赵敏！" in company.rows("said")[0]["content"]
    assert company.code(f"{path}/add", {"text": {"content": "好" * 1001}}) == 40058
    two = {"link": {"title": "甲", "url": "https://a.example"}, "image": {"media_id": "x"}}
    assert company.code(f"{path}/add", two) == 40058
    company.ok(f"{path}/del", {"template_id": template})
    assert company.code(f"{path}/get", {"template_id": template}) == 40058


def test_there_are_at_most_a_hundred_group_welcomes(company):
    body = {"text": {"content": "欢迎"}}
    for _ in range(100):
        company.ok("externalcontact/group_welcome_template/add", body)

    assert company.code("externalcontact/group_welcome_template/add", body) != 0


def test_media_last_three_days_and_only_for_what_they_were_uploaded_for(company):
    media = company.upload()["media_id"]
    attachment = {"attachments": [{"msgtype": "image", "image": {"media_id": media}}]}
    moment = company.code("externalcontact/add_moment_task", attachment)
    welcome = newcomer(company)["welcome_code"]
    as_file = {"attachments": [{"msgtype": "file", "file": {"media_id": media}}]}
    wrong_kind = company.code(WELCOME, {"welcome_code": welcome, **as_file})
    right = company.code(WELCOME, {"welcome_code": welcome, **attachment})
    company.control("settings", token_seconds=10**6)
    company.control("tokens", do="revoke")
    company.tokens.clear()
    company.advance(3 * 86_400)
    late = company.code(WELCOME, {"welcome_code": newcomer(company)["welcome_code"], **attachment})

    assert (moment, wrong_kind, right, late) == (40007, 40007, 0, 40007)


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [("image", PNG, 0), ("image", b"12345", 45001), ("image", b"GIF89a-----", 40058),
     ("image", PNG + b"0" * 10 * 2**20, 45001),
     ("voice", b"#!AMR-----", 0), ("voice", b"#!AMR" + b"0" * 2 * 2**20, 45001), ("video", b"0000ftypmp42", 0),
     ("file", b"a,b\r\n1,2\r\n--\r\n", 0), ("song", PNG, 40058)],
)  # fmt: skip
def test_uploads_are_held_to_size_and_kind(company, kind, content, code):
    assert company.upload(kind, content)["errcode"] == code


def test_permanent_pictures_have_an_address_and_a_days_quota(company):
    company.control("settings", uploadimg={"day": 2, "month": 3})
    first = company.upload(path="media/uploadimg")
    codes = [company.upload(path="media/uploadimg")["errcode"] for _ in range(2)]
    shown = company.http.get(first["url"].partition(":8090")[2])
    foreign = {"attachments": [{"msgtype": "image", "image": {"pic_url": "https://elsewhere.example/a.png"}}]}
    ours = {"attachments": [{"msgtype": "image", "image": {"pic_url": first["url"]}}]}

    assert codes == [0, 45009]
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert company.code(WELCOME, {"welcome_code": newcomer(company)["welcome_code"], **foreign}) == 40058
    assert company.code(WELCOME, {"welcome_code": newcomer(company)["welcome_code"], **ours}) == 0
