"""What each area of the client sends."""

from datetime import UTC, datetime

import pytest

from wecom.client.codes import ContactWay, JoinWay
from wecom.client.content import File, Image, Link, Video
from wecom.client.welcome import GroupTemplate

SINCE, UNTIL = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
FROM, TO = 1_767_571_200, 1_767_657_600
TEXT = {"text": {"content": "好"}}

# (call, API, what it must send: the query of a GET, the body of a POST)
SENT = [
    (lambda w: w.contacts.departments(root=2), "department/simplelist", {"id": "2"}),
    (lambda w: w.contacts.department(department_id=2), "department/get", {"id": "2"}),
    (lambda w: w.contacts.user(userid="Lin"), "user/get", {"userid": "Lin"}),
    (lambda w: w.contacts.users_of(department_id=2), "user/list", {"department_id": "2"}),
    (lambda w: w.contacts.user_names_of(department_id=2), "user/simplelist", {"department_id": "2"}),
    (lambda w: list(w.contacts.user_id_pages()), "user/list_id", {"limit": 10_000}),
    (lambda w: w.contacts.userid_by_mobile(mobile="13800138000"), "user/getuserid", {"mobile": "13800138000"}),
    (lambda w: w.customers.member_ids(), "externalcontact/get_follow_user_list", {}),
    (lambda w: w.customers.ids_of(userid="Lin"), "externalcontact/list", {"userid": "Lin"}),
    (
        lambda w: list(w.customers.pages_of(userids=["Lin"])),
        "externalcontact/batch/get_by_user", {"userid_list": ["Lin"], "limit": 100},
    ),
    (
        lambda w: w.customers.set_remark(userid="Lin", external_userid="wm1", remark="", remark_mobiles=["138"]),
        "externalcontact/remark",
        {"userid": "Lin", "external_userid": "wm1", "remark": "", "remark_mobiles": ["138"]},
    ),
    (lambda w: w.tags.groups(), "externalcontact/get_corp_tag_list", {}),
    (lambda w: w.tags.groups(tag_ids=["t"]), "externalcontact/get_corp_tag_list", {"tag_id": ["t"]}),
    (
        lambda w: w.tags.add(group_name="口味", names=["爱榴莲"]),
        "externalcontact/add_corp_tag", {"group_name": "口味", "tag": [{"name": "爱榴莲"}]},
    ),
    (
        lambda w: w.tags.edit(tag_or_group_id="t", name="甜", order=0),
        "externalcontact/edit_corp_tag", {"id": "t", "name": "甜", "order": 0},
    ),
    (lambda w: w.tags.delete(group_ids=["g"]), "externalcontact/del_corp_tag", {"group_id": ["g"]}),
    (
        lambda w: w.tags.mark(userid="Lin", external_userid="wm1", add=["a"], remove=["b"]),
        "externalcontact/mark_tag",
        {"userid": "Lin", "external_userid": "wm1", "add_tag": ["a"], "remove_tag": ["b"]},
    ),
    (
        lambda w: list(w.groups.pages(owners=["Lin"])),
        "externalcontact/groupchat/list",
        {"status_filter": 0, "limit": 1_000, "owner_filter": {"userid_list": ["Lin"]}},
    ),
    (lambda w: w.groups.get(chat_id="c"), "externalcontact/groupchat/get", {"chat_id": "c", "need_name": 1}),
    (lambda w: w.groups.chat_id_of(opengid="o"), "externalcontact/opengid_to_chatid", {"opengid": "o"}),
    (
        lambda w: w.codes.add_contact_way(ContactWay(users=("Lin",), state="s1", remark="收银台")),
        "externalcontact/add_contact_way",
        {"type": 1, "scene": 2, "state": "s1", "remark": "收银台", "skip_verify": True, "user": ["Lin"]},
    ),
    (
        lambda w: w.codes.add_contact_way(ContactWay(users=("Lin", "Wu"), is_exclusive=True)),
        "externalcontact/add_contact_way",
        {
            "type": 2, "scene": 2, "state": "", "remark": "", "skip_verify": True, "user": ["Lin", "Wu"],
            "is_exclusive": True,
        },
    ),
    (
        lambda w: w.codes.update_contact_way(config_id="k", way=ContactWay(users=("Wu",), state="s1")),
        "externalcontact/update_contact_way",
        {"config_id": "k", "state": "s1", "remark": "", "skip_verify": True, "user": ["Wu"]},
    ),
    (lambda w: w.codes.contact_way(config_id="k"), "externalcontact/get_contact_way", {"config_id": "k"}),
    (
        lambda w: list(w.codes.contact_way_pages(since=SINCE, until=UNTIL)),
        "externalcontact/list_contact_way", {"start_time": FROM, "end_time": TO, "limit": 1_000},
    ),
    (lambda w: w.codes.delete_contact_way(config_id="k"), "externalcontact/del_contact_way", {"config_id": "k"}),
    (
        lambda w: w.codes.close_temp_chat(userid="Lin", external_userid="wm1"),
        "externalcontact/close_temp_chat", {"userid": "Lin", "external_userid": "wm1"},
    ),
    (
        lambda w: w.codes.add_join_way(JoinWay(chat_ids=("c1", "c2"), state="s", room_base_name="果", room_base_id=3)),
        "externalcontact/groupchat/add_join_way",
        {
            "scene": 2, "chat_id_list": ["c1", "c2"], "state": "s", "remark": "", "auto_create_room": 1,
            "room_base_name": "果", "room_base_id": 3,
        },
    ),
    (lambda w: w.codes.join_way(config_id="k"), "externalcontact/groupchat/get_join_way", {"config_id": "k"}),
    (
        lambda w: w.codes.update_join_way(config_id="k", way=JoinWay(chat_ids=("c1",), auto_create_room=False)),
        "externalcontact/groupchat/update_join_way",
        {"config_id": "k", "scene": 2, "chat_id_list": ["c1"], "state": "", "remark": "", "auto_create_room": 0},
    ),
    (lambda w: w.codes.delete_join_way(config_id="k"), "externalcontact/groupchat/del_join_way", {"config_id": "k"}),
    (
        lambda w: w.welcome.send(welcome_code="W", deadline=0, text="好", attachments=[Link("题", "https://a.example")]),
        "externalcontact/send_welcome_msg",
        {
            "welcome_code": "W", **TEXT,
            "attachments": [
                {"msgtype": "link", "link": {"title": "题", "picurl": "", "desc": "", "url": "https://a.example"}}
            ],
        },
    ),
    (
        lambda w: w.welcome.add_group_template(GroupTemplate("%NICKNAME% 好", Image(media_id="m"), notify=False)),
        "externalcontact/group_welcome_template/add",
        {"text": {"content": "%NICKNAME% 好"}, "image": {"media_id": "m"}, "notify": 0},
    ),
    (
        lambda w: w.welcome.edit_group_template(template_id="t", template=GroupTemplate("好")),
        "externalcontact/group_welcome_template/edit", {"template_id": "t", **TEXT},
    ),
    (
        lambda w: w.welcome.group_template(template_id="t"),
        "externalcontact/group_welcome_template/get", {"template_id": "t"},
    ),
    (
        lambda w: w.welcome.delete_group_template(template_id="t"),
        "externalcontact/group_welcome_template/del", {"template_id": "t"},
    ),
    (
        lambda w: w.group_sends.to_groups(sender="Lin", chat_ids=["c"], text="好", attachments=[Video("v"), File("f")]),
        "externalcontact/add_msg_template",
        {
            "chat_type": "group", "sender": "Lin", "chat_id_list": ["c"], **TEXT,
            "attachments": [
                {"msgtype": "video", "video": {"media_id": "v"}}, {"msgtype": "file", "file": {"media_id": "f"}},
            ],
        },
    ),
    (
        lambda w: w.group_sends.to_customers(external_userids=["wm1"], text="好", allow_select=True),
        "externalcontact/add_msg_template",
        {"chat_type": "single", "external_userid": ["wm1"], "allow_select": True, **TEXT},
    ),
    (lambda w: w.group_sends.remind(msgid="M"), "externalcontact/remind_groupmsg_send", {"msgid": "M"}),
    (lambda w: w.group_sends.cancel(msgid="M"), "externalcontact/cancel_groupmsg_send", {"msgid": "M"}),
    (
        lambda w: list(w.group_sends.pages(chat_type="group", since=SINCE, until=UNTIL, creator="Lin")),
        "externalcontact/get_groupmsg_list_v2",
        {
            "chat_type": "group", "start_time": FROM, "end_time": TO, "filter_type": 2, "limit": 100,
            "creator": "Lin",
        },
    ),
    (
        lambda w: list(w.group_sends.task_pages(msgid="M")),
        "externalcontact/get_groupmsg_task", {"msgid": "M", "limit": 1_000},
    ),
    (
        lambda w: list(w.group_sends.result_pages(msgid="M", userid="Lin")),
        "externalcontact/get_groupmsg_send_result", {"msgid": "M", "userid": "Lin", "limit": 1_000},
    ),
    (
        lambda w: w.moments.create(text="好", attachments=[Image(media_id="m")], userids=["Lin"], tag_ids=["t"]),
        "externalcontact/add_moment_task",
        {
            **TEXT, "attachments": [{"msgtype": "image", "image": {"media_id": "m"}}],
            "visible_range": {"sender_list": {"user_list": ["Lin"]}, "external_contact_list": {"tag_list": ["t"]}},
        },
    ),
    (lambda w: w.moments.result(jobid="j"), "externalcontact/get_moment_task_result", {"jobid": "j"}),
    (lambda w: w.moments.cancel(moment_id="m"), "externalcontact/cancel_moment_task", {"moment_id": "m"}),
    (
        lambda w: list(w.moments.pages(since=SINCE, until=UNTIL)),
        "externalcontact/get_moment_list", {"start_time": FROM, "end_time": TO, "filter_type": 2, "limit": 20},
    ),
    (
        lambda w: list(w.moments.task_pages(moment_id="m")),
        "externalcontact/get_moment_task", {"moment_id": "m", "limit": 1_000},
    ),
    (
        lambda w: list(w.moments.customer_pages(moment_id="m", userid="Lin", which="chosen")),
        "externalcontact/get_moment_customer_list", {"moment_id": "m", "userid": "Lin", "limit": 1_000},
    ),
    (
        lambda w: list(w.moments.customer_pages(moment_id="m", userid="Lin", which="reached")),
        "externalcontact/get_moment_send_result", {"moment_id": "m", "userid": "Lin", "limit": 5_000},
    ),
    (
        lambda w: w.moments.reactions(moment_id="m", userid="Lin"),
        "externalcontact/get_moment_comments", {"moment_id": "m", "userid": "Lin"},
    ),
    (
        lambda w: w.statistics.behaviour(userid="Lin", since=SINCE, until=UNTIL),
        "externalcontact/get_user_behavior_data", {"userid": ["Lin"], "start_time": FROM, "end_time": TO},
    ),
    (
        lambda w: w.statistics.by_day(owners=["Lin"], since=SINCE, until=UNTIL),
        "externalcontact/groupchat/statistic_group_by_day",
        {"day_begin_time": FROM, "day_end_time": TO, "owner_filter": {"userid_list": ["Lin"]}},
    ),
    (
        lambda w: w.transfers.customers(
            handover="Lin", takeover="Wu", external_userids=["wm1"], resigned=False, message="换人啦"
        ),
        "externalcontact/transfer_customer",
        {
            "handover_userid": "Lin", "takeover_userid": "Wu", "external_userid": ["wm1"],
            "transfer_success_msg": "换人啦",
        },
    ),
    (
        lambda w: w.transfers.customers(handover="Lin", takeover="Wu", external_userids=["wm1"], resigned=True),
        "externalcontact/resigned/transfer_customer",
        {"handover_userid": "Lin", "takeover_userid": "Wu", "external_userid": ["wm1"]},
    ),
    (
        lambda w: list(w.transfers.customer_state_pages(handover="Lin", takeover="Wu", resigned=False)),
        "externalcontact/transfer_result", {"handover_userid": "Lin", "takeover_userid": "Wu"},
    ),
    (
        lambda w: list(w.transfers.customer_state_pages(handover="Lin", takeover="Wu", resigned=True)),
        "externalcontact/resigned/transfer_result", {"handover_userid": "Lin", "takeover_userid": "Wu"},
    ),
    (
        lambda w: w.transfers.groups(chat_ids=["c"], new_owner="Wu", resigned=True),
        "externalcontact/groupchat/transfer", {"chat_id_list": ["c"], "new_owner": "Wu"},
    ),
    (
        lambda w: w.transfers.groups(chat_ids=["c"], new_owner="Wu", resigned=False),
        "externalcontact/groupchat/onjob_transfer", {"chat_id_list": ["c"], "new_owner": "Wu"},
    ),
    (
        lambda w: w.messages.send_text(to=["Lin", "Wu"], text="好"),
        "message/send", {"touser": "Lin|Wu", "agentid": 218, "msgtype": "text", "text": {"content": "好"}},
    ),
    (
        lambda w: w.messages.send_text_card(to=["Lin"], title="题", description="述", url="https://a.example"),
        "message/send",
        {
            "touser": "Lin", "agentid": 218, "msgtype": "textcard",
            "textcard": {"title": "题", "description": "述", "btntxt": "详情", "url": "https://a.example"},
        },
    ),
    (
        lambda w: w.messages.update_card(response_code="r", to=["Lin"], replace_name="已发送"),
        "message/update_template_card",
        {"userids": ["Lin"], "agentid": 218, "response_code": "r", "button": {"replace_name": "已发送"}},
    ),
    (lambda w: w.messages.recall(msgid="M"), "message/recall", {"msgid": "M"}),
    (lambda w: w.oauth.visitor(code="C"), "auth/getuserinfo", {"code": "C"}),
    (lambda w: w.oauth.private_details(user_ticket="T"), "auth/getuserdetail", {"user_ticket": "T"}),
]  # fmt: skip

# Enough of every answer for each call to read what it needs.
ANSWER = {
    "errcode": 0, "errmsg": "ok", "next_cursor": "", "department_id": [], "department": {"id": 2}, "userid": "Lin",
    "userlist": [], "dept_user": [], "follow_user": [], "external_userid": [], "external_contact_list": [],
    "tag_group": [], "group_chat_list": [], "group_chat": {"chat_id": "c"}, "chat_id": "c", "config_id": "k",
    "qr_code": "https://wework.example/q", "contact_way": [], "join_way": {}, "template_id": "t", "msgid": "M",
    "group_msg_list": [], "task_list": [], "send_list": [], "jobid": "j", "status": 3, "moment_list": [],
    "customer_list": [], "behavior_data": [], "items": [], "customer": [],
}  # fmt: skip


@pytest.mark.parametrize(("call", "api", "sent"), SENT, ids=[f"{n}-{case[1]}" for n, case in enumerate(SENT)])
def test_call_sends_what_wecom_documents(connect_to, call, api, sent):
    site = connect_to(**{api: [ANSWER]})

    call(site.wecom)

    assert site.fake.paths() == ["gettoken", api]
    assert (site.fake.body(api) or site.fake.query(api)) == sent
