"""企业群发 and moments (wecom.md §3.8, §3.9)."""

import pytest

CREATE = "externalcontact/add_msg_template"
RESULT = "externalcontact/get_groupmsg_send_result"
TASKS = "externalcontact/get_groupmsg_task"
TEXT = {"text": {"content": "阳光玫瑰到店"}}


def to_groups(company, chats, **more):
    body = {"chat_type": "group", "sender": "manager0001", "chat_id_list": chats, **TEXT, **more}
    return company.ok(CREATE, body)


def statuses(company, msgid, userid="manager0001"):
    body = {"msgid": msgid, "userid": userid}
    return [row["status"] for row in company.ok(RESULT, body)["send_list"]]


def test_nothing_is_sent_before_the_owner_taps(company):
    chats = company.groups()
    msgid = to_groups(company, chats)["msgid"]
    early = company.code(TASKS, {"msgid": msgid})
    company.advance(30)
    before = company.ok(TASKS, {"msgid": msgid})["task_list"]
    unsent = statuses(company, msgid)
    tapped = company.do("tap", msgid=msgid, userid="MANAGER0001")
    [after] = company.ok(TASKS, {"msgid": msgid})["task_list"]

    assert early == 41063
    assert before == [{"userid": "manager0001", "status": 0}]
    assert unsent == []
    assert tapped == {"sent": 2, "no_friend": 0, "over_quota": 0}
    assert (after["status"], statuses(company, msgid)) == (2, [1, 1])
    assert sorted(row["room"] for row in company.rows("said")) == sorted(chats)
    assert "已经发送" in company.cannot("tap", msgid=msgid, userid="manager0001")


def test_groups_of_others_are_left_out_and_named(company):
    mine, theirs = company.groups(), company.groups("manager0002")
    created = to_groups(company, [mine[0], theirs[0], "wr-none"])
    nobody = company.post(CREATE, {"chat_type": "group", "sender": "manager0001", "chat_id_list": theirs, **TEXT})

    assert created["fail_list"] == [theirs[0], "wr-none"]
    assert (nobody["errcode"], nobody["fail_list"], nobody["msgid"]) == (41048, [], "")


@pytest.mark.parametrize(
    ("body", "code"),
    [({"chat_type": "group", **TEXT}, 40063), ({"chat_type": "group", "sender": "nobody", **TEXT}, 60111),
     ({"chat_type": "everyone", **TEXT}, 40058), ({"chat_type": "group", "sender": "manager0001"}, 40063),
     (TEXT, 40063),
     ({"chat_type": "group", "sender": "manager0001", "chat_id_list": ["c"] * 2001, **TEXT}, 40058),
     ({"external_userid": ["w"] * 10_001, **TEXT}, 40058),
     ({"sender": "manager0001", "text": {"content": "好" * 1334}}, 40058),
     ({"sender": "manager0001", "attachments": [{"msgtype": "link", "link": {"title": "长" * 43, "url": "u"}}]}, 40058),
     ({"sender": "manager0001", "attachments": [{"msgtype": "poem", "poem": {}}]}, 40058),
     ({"sender": "manager0001", "attachments": [{"msgtype": "link", "link": {"title": "t", "url": "u"}}] * 10}, 40058)],
)  # fmt: skip
def test_a_group_send_is_refused_for_bad_arguments(company, body, code):
    assert company.code(CREATE, body) == code


def send_and_tap(company, chats, times):
    for _ in range(times):
        last = company.do("tap", msgid=to_groups(company, chats)["msgid"], userid="manager0001")
    return last


@pytest.mark.parametrize(("rule", "most"), [("month", 30), ("week", 7), ("day", 1)])
def test_a_group_gets_so_many_group_sends_a_period_and_the_next_period_starts_anew(company, rule, most):
    chats = company.groups()[:1]
    company.control("settings", quota_rule=rule, token_seconds=10**8)
    company.control("tokens", do="revoke")
    company.tokens.clear()
    within = send_and_tap(company, chats, most)
    over = send_and_tap(company, chats, 1)
    msgid = company.rows("send_task")[-1]["msgid"]
    company.advance({"month": 21, "week": 6, "day": 1}[rule] * 86_400)

    assert (within, over) == (
        {"sent": 1, "no_friend": 0, "over_quota": 0},
        {"sent": 0, "no_friend": 0, "over_quota": 1},
    )
    assert statuses(company, msgid) == [3]
    assert send_and_tap(company, chats, 1)["sent"] == 1


def test_personal_sends_share_the_quota_and_are_listed_as_such(company):
    chats = company.groups()[:1]
    company.control("settings", quota_rule="day")
    own = company.do("send_personally", userid="manager0001", recipients=chats, chat_type="group", content=TEXT)
    company_wide = send_and_tap(company, chats, 1)
    now = int(company.see("state")["now"])
    scope = {"chat_type": "group", "start_time": now - 60, "end_time": now + 60}
    listed = {
        which: company.ok("externalcontact/get_groupmsg_list_v2", scope | {"filter_type": which})["group_msg_list"]
        for which in (0, 1, 2)
    }

    assert (own["sent"], company_wide["over_quota"]) == (1, 1)
    assert [len(listed[which]) for which in (0, 1, 2)] == [1, 1, 2]
    assert ("creator" in listed[0][0], listed[1][0]["creator"]) == (False, "manager0001")
    assert company.code("externalcontact/get_groupmsg_list_v2", scope | {"start_time": now - 40 * 86_400}) == 40058


def test_a_group_that_changed_hands_before_the_tap_is_not_sent_to(company):
    [first, second] = company.groups()
    msgid = to_groups(company, [first, second])["msgid"]
    company.ok("externalcontact/groupchat/onjob_transfer", {"chat_id_list": [first], "new_owner": "manager0002"})
    company.do("tap", msgid=msgid, userid="manager0001")

    company.advance(30)

    assert statuses(company, msgid) == [2, 1]


def test_a_send_to_customers_gives_each_to_the_member_who_last_dealt_with_her(company):
    both, only = company.customers()[:2]
    company.do("befriend", userid="manager0002", contact=both, add_way=3)
    company.do("say", room=f"manager0001|{both}", sender=both, text="在吗")
    created = company.ok(CREATE, {"external_userid": [both, only, "wm-none"], **TEXT})
    company.do("part", userid="manager0001", contact=only, by="customer")
    company.do("tap", msgid=created["msgid"], userid="manager0001")
    company.advance(30)

    assert created["fail_list"] == ["wm-none"]
    assert [task["userid"] for task in company.ok(TASKS, {"msgid": created["msgid"]})["task_list"]] == ["manager0001"]
    assert statuses(company, created["msgid"]) == [1, 2]


def test_a_tag_filter_means_any_tag_of_a_group_and_every_group(company):
    first, second, third = company.customers()[:3]
    made = {}
    for group, names in (("口味", ["甜", "酸"]), ("家庭", ["有孩子"])):
        tags = company.ok(
            "externalcontact/add_corp_tag", {"group_name": group, "tag": [{"name": name} for name in names]}
        )
        made |= {tag["name"]: tag["id"] for tag in tags["tag_group"]["tag"]}
    for customer, names in ((first, ["甜", "有孩子"]), (second, ["酸", "有孩子"]), (third, ["甜"])):
        body = {"userid": "manager0001", "external_userid": customer, "add_tag": [made[name] for name in names]}
        company.ok("externalcontact/mark_tag", body)
    groups = [{"tag_list": [made["甜"], made["酸"]]}, {"tag_list": [made["有孩子"]]}]
    company.ok(CREATE, {"tag_filter": {"group_list": groups}, **TEXT})

    assert {row["recipient"] for row in company.rows("send_recipient")} == {first, second}


def test_three_reminders_a_day_and_no_fourth(company):
    msgid = to_groups(company, company.groups())["msgid"]
    remind = "externalcontact/remind_groupmsg_send"
    codes = [company.code(remind, {"msgid": msgid}) for _ in range(4)]
    company.control("settings", token_seconds=10**6)
    company.control("tokens", do="revoke")
    company.tokens.clear()
    company.advance(86_400)

    assert codes == [0, 0, 0, 45009]
    assert company.code(remind, {"msgid": msgid}) == 0


def test_a_stopped_send_cannot_be_tapped_and_what_was_sent_stays(company):
    sent, stopped = (to_groups(company, company.groups())["msgid"] for _ in range(2))
    company.do("tap", msgid=sent, userid="manager0001")
    for msgid in (sent, stopped):
        company.ok("externalcontact/cancel_groupmsg_send", {"msgid": msgid})
    company.advance(30)

    assert "停止" in company.cannot("tap", msgid=stopped, userid="manager0001")
    assert statuses(company, sent) == [1, 1]


def test_a_moment_waits_for_its_members_and_then_for_its_readers(company):
    created = company.ok("externalcontact/add_moment_task", {
        **TEXT, "visible_range": {"sender_list": {"user_list": ["manager0001", "nobody"]}},
    })  # fmt: skip
    started = company.get("externalcontact/get_moment_task_result", jobid=created["jobid"])
    company.advance(5)
    done = company.get("externalcontact/get_moment_task_result", jobid=created["jobid"])
    moment = {"moment_id": done["result"]["moment_id"]}
    both = moment | {"userid": "manager0001"}
    before = company.ok("externalcontact/get_moment_send_result", both)["customer_list"]
    company.do("publish_moment", **both)
    reader = company.customers()[0]
    company.do("react", **both, contact=reader)
    company.do("react", **both, contact=reader, comment="想吃")
    after = company.ok("externalcontact/get_moment_send_result", both)["customer_list"]
    reactions = company.ok("externalcontact/get_moment_comments", both)

    assert (started["status"], done["status"]) == (1, 3)
    assert done["result"]["invalid_sender_list"]["user_list"] == ["nobody"]
    assert (len(before), len(after)) == (0, 20)
    assert company.ok("externalcontact/get_moment_task", moment)["task_list"] == [
        {"userid": "manager0001", "publish_status": 1}
    ]
    assert [len(reactions["comment_list"]), len(reactions["like_list"])] == [1, 1]


def test_a_moment_carries_nine_pictures_or_one_link(company):
    media = [
        company.upload("image", path="media/upload_attachment", media_type="image", attachment_type=1)["media_id"]
        for _ in range(2)
    ]
    pictures = [{"msgtype": "image", "image": {"media_id": one}} for one in media]
    link = {"msgtype": "link", "link": {"title": "题", "url": "https://a.example"}}
    path = "externalcontact/add_moment_task"

    assert company.code(path, {"attachments": pictures}) == 0
    assert company.code(path, {"attachments": [*pictures, link]}) == 40058
    assert company.code(path, {"attachments": [link, link]}) == 40058
    assert company.code(path, {}) == 40063
    assert company.code(path, {"text": {"content": "长" * 2001}}) == 40058
