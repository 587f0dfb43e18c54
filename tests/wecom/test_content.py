"""What the client refuses before a call."""

from datetime import UTC, datetime

import pytest

from wecom.client.codes import ContactWay, JoinWay
from wecom.client.content import ContentRefused, Image, Link, MiniProgram, Video, message
from wecom.client.moments import MomentLink
from wecom.client.welcome import GroupTemplate

SINCE, UNTIL = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
FROM, TO = 1_767_571_200, 1_767_657_600
TEXT = {"text": {"content": "好"}}


@pytest.mark.parametrize(
    "refused",
    [
        lambda _: message(text=""),
        lambda _: message(text="好" * 1_334),  # 4,002 bytes
        lambda _: message(text="", attachments=[Image(media_id="m")] * 10),
        lambda _: message(text="", attachments=[Image()]),
        lambda _: message(text="", attachments=[Image(media_id="m", pic_url="https://p.example")]),
        lambda _: message(text="", attachments=[Link("题" * 43, "https://a.example")]),
        lambda _: message(text="", attachments=[MiniProgram("题" * 22, "m", "wx1", "p")]),
        lambda w: w.group_sends.to_groups(sender="", chat_ids=["c"], text="好"),
        lambda w: w.group_sends.to_groups(sender="Lin", chat_ids=[], text="好"),
        lambda w: w.group_sends.to_groups(sender="Lin", chat_ids=["c"] * 2_001, text="好"),
        lambda w: w.group_sends.to_customers(text="好"),
        lambda w: w.codes.add_contact_way(ContactWay()),
        lambda w: w.codes.add_contact_way(ContactWay(users=("a",), state="s" * 31)),
        lambda w: w.codes.add_contact_way(ContactWay(users=tuple("a" * 101))),
        lambda w: w.codes.add_join_way(JoinWay(chat_ids=tuple("abcdef"))),
        lambda w: w.customers.set_remark(userid="a", external_userid="b", remark="备" * 21),
        lambda w: w.tags.add(group_name="组", names=["名" * 31]),
        lambda w: w.tags.add(group_name="组", group_id="g", names=["名"]),
        lambda w: w.tags.add(group_name="组", names=[]),
        lambda w: w.transfers.customers(
            handover="a", takeover="b", external_userids=["c"], resigned=True, message="好"
        ),
        lambda w: w.moments.create(text="字" * 2_001),
        lambda w: w.moments.create(text=""),
        lambda w: w.moments.create(text="", attachments=[Image(media_id="m"), Video("v")]),
        lambda w: w.moments.create(text="", attachments=[MomentLink("a", "b")] * 2),
        lambda w: w.messages.send_card(to=["a"], card={"card_type": "button_interaction"}),
        lambda w: w.messages.send_card(to=["a"], card={"card_type": "button_interaction", "task_id": "中文"}),
        lambda w: w.messages.send_card(to=["a"], card={"card_type": "text_notice"}),
        lambda w: w.messages.send_card(to=["a"], card={"card_type": "taskcard"}),
        lambda w: w.messages.send_text(to=[], text="好"),
        lambda w: w.messages.send_text(to=["a"], text="好" * 683),
        lambda w: w.welcome.add_group_template(GroupTemplate("好" * 1_001)),
        lambda w: w.media.upload(kind="voice", name="a", content=b"x" * (2 * 1024 * 1024 + 1), media_type="audio/amr"),
        lambda w: w.media.upload(kind="file", name="a", content=b"12345", media_type="text/plain"),
    ],
)  # fmt: skip
def test_what_wecom_would_refuse_is_refused_before_a_call(connect_to, refused):
    site = connect_to()

    with pytest.raises(ContentRefused):
        refused(site.wecom)

    assert site.fake.calls == []
