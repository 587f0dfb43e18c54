"""企业群发: a task that people tap (wecom.md §3.8). Nothing is sent by the call itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from wecom.client.content import Attachment, ContentRefused, at_most, message
from wecom.client.paging import Page, walk
from wecom.client.transport import Transport

ChatType = Literal["single", "group"]
_GROUPS = 2_000
_CUSTOMERS = 10_000


class GroupSend(TypedDict):
    msgid: str
    creator: NotRequired[str]  # absent where the API made it
    create_time: int
    create_type: int  # 0 company, 1 personal
    text: NotRequired[dict[str, Any]]
    attachments: NotRequired[list[dict[str, Any]]]


class SendTask(TypedDict):
    userid: str
    status: int  # 0 not sent, 2 sent
    send_time: NotRequired[int]


class SendResult(TypedDict):
    """One recipient. Rows not yet sent may be missing altogether: unsent is planned minus returned."""

    userid: str
    external_userid: NotRequired[str]
    chat_id: NotRequired[str]
    status: int  # 0 not sent, 1 sent, 2 not a friend, 3 quota of the recipient used up
    send_time: NotRequired[int]


@dataclass(frozen=True, slots=True)
class CreatedSend:
    """`failed` are the customers or groups WeCom left out although it accepted the task."""

    msgid: str
    failed: list[str]


@dataclass(frozen=True, slots=True)
class GroupSends:
    transport: Transport

    def to_groups(
        self, *, sender: str, chat_ids: Sequence[str], text: str, attachments: Sequence[Attachment] = ()
    ) -> CreatedSend:
        """Ask an owner to send this to his groups, at most 2,000, with one tap.

        :raises ContentRefused: a limit is broken.
        :raises OutcomeUnknown: the answer was lost; look in `pages` before creating it again.
        """
        if not sender:
            raise ContentRefused("群发到客户群必须指定群主")
        scope = {
            "chat_type": "group", "sender": sender, "chat_id_list": at_most(chat_ids, limit=_GROUPS, what="群"),
        }  # fmt: skip
        return self._create({**scope, **message(text=text, attachments=attachments)})

    def to_customers(
        self,
        *,
        external_userids: Sequence[str] = (),
        sender: str = "",
        text: str,
        attachments: Sequence[Attachment] = (),
        allow_select: bool = False,
    ) -> CreatedSend:
        """Ask members to send this to customers: to those named, at most 10,000, or to all of one sender.

        :raises ContentRefused: a limit is broken, or neither customers nor sender are named.
        :raises OutcomeUnknown: the answer was lost; look in `pages` before creating it again.
        """
        scope: dict[str, Any] = {"chat_type": "single"}
        if external_userids:
            scope["external_userid"] = at_most(external_userids, limit=_CUSTOMERS, what="客户")
        if sender:
            scope["sender"] = sender
        if not external_userids and not sender:
            raise ContentRefused("群发要指定客户或成员")
        if allow_select:
            scope["allow_select"] = True
        return self._create({**scope, **message(text=text, attachments=attachments)})

    def _create(self, body: dict[str, Any]) -> CreatedSend:
        answer = self.transport.write("externalcontact/add_msg_template", body)
        return CreatedSend(msgid=answer["msgid"], failed=answer.get("fail_list", []))

    def remind(self, *, msgid: str) -> None:
        """Remind the members who have not sent; WeCom takes three a day per task."""
        self.transport.write("externalcontact/remind_groupmsg_send", {"msgid": msgid})

    def cancel(self, *, msgid: str) -> None:
        """Stop what has not been sent; what has been sent stays."""
        self.transport.write("externalcontact/cancel_groupmsg_send", {"msgid": msgid}, repeatable=True)

    def pages(
        self,
        *,
        chat_type: ChatType,
        since: datetime,
        until: datetime,
        creator: str = "",
        filter_type: int = 2,
        cursor: str = "",
        limit: int = 100,
    ) -> Iterator[Page[GroupSend]]:
        """Tasks created between two moments, at most a month apart; `filter_type` 0 company, 1 personal, 2 all."""
        scope: dict[str, Any] = {
            "chat_type": chat_type, "start_time": int(since.timestamp()), "end_time": int(until.timestamp()),
            "filter_type": filter_type, "limit": limit,
        }  # fmt: skip
        if creator:
            scope["creator"] = creator

        def fetch(at: str) -> Page[GroupSend]:
            answer = self.transport.read("externalcontact/get_groupmsg_list_v2", scope | _from(at))
            return Page(answer["group_msg_list"], answer.get("next_cursor", ""))

        return walk(fetch, cursor=cursor)

    def task_pages(self, *, msgid: str, cursor: str = "", limit: int = 1_000) -> Iterator[Page[SendTask]]:
        """Who has tapped. Right after creation WeCom still dispatches (41063): ask a minute later."""

        def fetch(at: str) -> Page[SendTask]:
            answer = self.transport.read(
                "externalcontact/get_groupmsg_task", {"msgid": msgid, "limit": limit} | _from(at)
            )
            return Page(answer["task_list"], answer.get("next_cursor", ""))

        return walk(fetch, cursor=cursor)

    def result_pages(
        self, *, msgid: str, userid: str, cursor: str = "", limit: int = 1_000
    ) -> Iterator[Page[SendResult]]:
        """What became of one member's part of a task."""
        scope = {"msgid": msgid, "userid": userid, "limit": limit}

        def fetch(at: str) -> Page[SendResult]:
            answer = self.transport.read("externalcontact/get_groupmsg_send_result", scope | _from(at))
            return Page(answer["send_list"], answer.get("next_cursor", ""))

        return walk(fetch, cursor=cursor)


def _from(cursor: str) -> dict[str, str]:
    return {"cursor": cursor} if cursor else {}
