"""What each area of the client makes of the answers."""

from datetime import UTC, datetime

import pytest

from tests.wecom.fake import refusal
from wecom.client.codes import ContactWay, CreatedCode
from wecom.client.errors import BadAnswer, WeComRefused
from wecom.client.groupsend import CreatedSend
from wecom.client.messages import Receipt
from wecom.client.oauth import Visitor

SINCE, UNTIL = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
FROM, TO = 1_767_571_200, 1_767_657_600
TEXT = {"text": {"content": "好"}}


def _paged(key, pages):
    """Answers that hand out pages and the cursor of the next; each page checks nothing, the test does."""
    last = len(pages) - 1
    return [
        {key: page, "next_cursor": f"cursor-{number + 1}" if number < last else ""} for number, page in enumerate(pages)
    ]


def test_pages_are_walked_to_the_end_and_can_be_resumed_from_any(connect_to):
    pages = _paged("group_chat_list", [[{"chat_id": f"c{n}", "status": 0}] for n in range(3)])
    site = connect_to(externalcontact__groupchat__list=pages)

    walked = list(site.wecom.groups.pages(owners=["Lin"]))

    assert [page.items[0]["chat_id"] for page in walked] == ["c0", "c1", "c2"]
    assert [page.next_cursor for page in walked] == ["cursor-1", "cursor-2", ""]
    assert [body.get("cursor") for path, _, body in site.fake.calls if "list" in path] == [None, "cursor-1", "cursor-2"]

    resumed = connect_to(secret="another-secret", externalcontact__groupchat__list=pages[2:])
    assert [page.items[0]["chat_id"] for page in resumed.wecom.groups.pages(owners=["Lin"], cursor="cursor-2")] == [
        "c2"
    ]
    assert resumed.fake.body("externalcontact/groupchat/list")["cursor"] == "cursor-2"


def test_cursor_that_repeats_ends_the_walk_instead_of_going_round(connect_to):
    site = connect_to(externalcontact__groupchat__list=[{"group_chat_list": [], "next_cursor": "same"}])

    with pytest.raises(BadAnswer, match="游标重复"):
        list(site.wecom.groups.pages(owners=["Lin"]))

    assert site.fake.count("externalcontact/groupchat/list") == 2


def test_interrupted_walk_has_not_asked_for_more_than_was_taken(connect_to):
    pages = _paged("dept_user", [[{"userid": "a", "department": 1}], [{"userid": "b", "department": 1}]])
    site = connect_to(user__list_id=pages)

    first = next(iter(site.wecom.contacts.user_id_pages()))

    assert (first.items[0]["userid"], site.fake.count("user/list_id")) == ("a", 1)


def test_customer_with_very_many_members_is_read_over_several_pages(connect_to):
    answers = [
        {
            "external_contact": {"external_userid": "wm1", "name": "陈"},
            "follow_user": [{"userid": "a"}],
            "next_cursor": "2",
        },
        {"external_contact": {"external_userid": "wm1"}, "follow_user": [{"userid": "b"}]},
    ]
    site = connect_to(externalcontact__get=answers)

    customer = site.wecom.customers.get(external_userid="wm1")

    assert (customer.contact["name"], [follow["userid"] for follow in customer.follows]) == ("陈", ["a", "b"])


def test_members_without_a_licence_are_named_beside_the_page(connect_to):
    answer = {"external_contact_list": [], "fail_info": {"unlicensed_userid_list": ["Wu"]}}
    site = connect_to(**{"externalcontact/batch/get_by_user": [answer]})

    (page,) = site.wecom.customers.pages_of(userids=["Lin", "Wu"])

    assert page.failed == ["Wu"]


def test_groups_a_send_could_not_include_are_returned_as_data(connect_to):
    site = connect_to(externalcontact__add_msg_template=[{"msgid": "M", "fail_list": ["c2"]}])

    sent = site.wecom.group_sends.to_groups(sender="Lin", chat_ids=["c1", "c2"], text="好")

    assert sent == CreatedSend(msgid="M", failed=["c2"])


def test_members_a_message_did_not_reach_are_returned_as_data(connect_to):
    answer = {"msgid": "1", "invaliduser": "wu|chen", "unlicenseduser": "zhao", "response_code": "r"}
    site = connect_to(message__send=[answer])

    receipt = site.wecom.messages.send_text(to=["Lin", "Wu"], text="好")

    assert receipt == Receipt(msgid="1", response_code="r", invalid=("wu", "chen"), unlicensed=("zhao",))


def test_customers_and_groups_that_could_not_be_handed_over_are_returned_as_data(connect_to):
    site = connect_to(
        externalcontact__transfer_customer=[
            {"customer": [{"external_userid": "wm1", "errcode": 0}, {"external_userid": "wm2", "errcode": 40096}]}
        ],
        externalcontact__groupchat__transfer=[{"failed_chat_list": [{"chat_id": "c", "errcode": 90500}]}],
    )

    states = site.wecom.transfers.customers(handover="A", takeover="B", external_userids=["wm1", "wm2"], resigned=False)
    failed = site.wecom.transfers.groups(chat_ids=["c"], new_owner="B", resigned=True)

    assert states == {"wm1": 0, "wm2": 40096}
    assert failed == [{"chat_id": "c", "errcode": 90500}]


def test_moment_names_those_it_leaves_out(connect_to):
    result = {"errcode": 0, "moment_id": "m", "invalid_sender_list": {"user_list": ["Wu"]}}
    site = connect_to(externalcontact__get_moment_task_result=[{"status": 3, "result": result}])

    moment = site.wecom.moments.result(jobid="j")

    assert (moment.status, moment.moment_id, moment.invalid_senders) == (3, "m", {"user_list": ["Wu"]})


def test_unassigned_customers_end_where_wecom_says_so(connect_to):
    answers = [
        {"info": [{"external_userid": "wm1"}], "is_last": False, "next_cursor": "2"},
        {"info": [{"external_userid": "wm2"}], "is_last": True, "next_cursor": "3"},
    ]
    site = connect_to(externalcontact__get_unassigned_list=answers)

    pages = list(site.wecom.transfers.unassigned_pages())

    assert [page.items[0]["external_userid"] for page in pages] == ["wm1", "wm2"]


def test_figures_of_owners_are_walked_by_offset(connect_to):
    answers = [
        {"total": 2, "next_offset": 1, "items": [{"owner": "a", "data": {}}]},
        {"total": 2, "next_offset": 2, "items": [{"owner": "b", "data": {}}]},
    ]
    site = connect_to(externalcontact__groupchat__statistic=answers)

    pages = list(site.wecom.statistics.by_owner_pages(owners=["a", "b"], since=SINCE, until=UNTIL))

    assert [page.items[0]["owner"] for page in pages] == ["a", "b"]
    assert [body["offset"] for path, _, body in site.fake.calls if path.endswith("statistic")] == [0, 1]


def test_failure_with_its_empty_lists_is_a_failure_not_an_empty_answer(connect_to):
    site = connect_to(externalcontact__list=[refusal(60111)])

    with pytest.raises(WeComRefused):
        site.wecom.customers.ids_of(userid="gone")


def test_picture_is_uploaded_as_multipart_with_its_name_and_again_after_a_fault(connect_to):
    site = connect_to(media__upload=[refusal(-1), {"media_id": "m"}])

    media_id = site.wecom.media.upload(kind="image", name="海报.png", content=b"picture", media_type="image/png")

    assert media_id == "m"
    assert site.fake.query("media/upload") == {"type": "image"}
    first, second = (body for path, _, body in site.fake.calls if path == "media/upload")
    for body in (first, second):
        assert b'name="media"; filename="' in body
        assert b"picture" in body


def test_upload_for_a_moment_names_its_use(connect_to):
    site = connect_to(media__upload_attachment=[{"media_id": "m"}], media__uploadimg=[{"url": "https://p.example/1"}])

    site.wecom.media.upload_attachment(kind="image", name="a.png", content=b"picture", media_type="image/png")
    url = site.wecom.media.upload_permanent_image(name="a.png", content=b"picture", media_type="image/png")

    assert site.fake.query("media/upload_attachment") == {"media_type": "image", "attachment_type": "1"}
    assert url == "https://p.example/1"


def test_code_comes_with_its_config_id_and_picture(connect_to):
    site = connect_to(externalcontact__add_contact_way=[{"config_id": "k", "qr_code": "https://q.example"}])

    assert site.wecom.codes.add_contact_way(ContactWay(users=("Lin",))) == CreatedCode("k", "https://q.example")


def test_visitor_is_a_member_or_somebody_else(connect_to):
    site = connect_to(
        auth__getuserinfo=[{"userid": "Lin", "user_ticket": "T"}, {"openid": "o", "external_userid": "wm1"}]
    )

    assert site.wecom.oauth.visitor(code="1") == Visitor(userid="Lin", user_ticket="T")
    assert site.wecom.oauth.visitor(code="2") == Visitor(openid="o", external_userid="wm1")


def test_log_in_addresses_carry_state_and_quote_the_return_address(connect_to):
    oauth = connect_to().wecom.oauth

    assert oauth.client_url(redirect_uri="https://a.example/in?x=1", state="s&1") == (
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx5823bf96d3bd56c7"
        "&redirect_uri=https%3A%2F%2Fa.example%2Fin%3Fx%3D1&response_type=code&scope=snsapi_base&state=s%261"
        "&agentid=218#wechat_redirect"
    )
    assert oauth.desktop_url(redirect_uri="https://a.example/in", state="s") == (
        "https://login.work.weixin.qq.com/wwlogin/sso/login?login_type=CorpApp&appid=wx5823bf96d3bd56c7"
        "&agentid=218&redirect_uri=https%3A%2F%2Fa.example%2Fin&state=s"
    )


def test_page_is_signed_with_the_ticket_of_its_kind_fetched_once(connect_to):
    site = connect_to(
        get_jsapi_ticket=[
            {
                "ticket": "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
                "expires_in": 7200,
            }
        ],
        ticket__get=[{"ticket": "agent", "expires_in": 7200}],
    )
    sign = site.wecom.js_sdk.sign

    signed = sign(
        url="http://mp.weixin.qq.com?params=value#anchor", ticket="corp", timestamp=1414587457, nonce="Wm3WZYTPz0wzccnW"
    )
    again = sign(url="http://mp.weixin.qq.com", ticket="corp")
    agent = sign(url="http://mp.weixin.qq.com", ticket="agent")

    assert signed.signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
    assert len({signed.signature, again.signature, agent.signature}) == 3
    assert site.fake.paths() == ["gettoken", "get_jsapi_ticket", "ticket/get"]
    assert site.fake.query("ticket/get") == {"type": "agent_config"}
