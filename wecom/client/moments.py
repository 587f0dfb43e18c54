"""客户朋友圈: tasks that members confirm (wecom.md §3.9)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from wecom.client.content import ContentRefused, Image, Video, at_most
from wecom.client.paging import Page, walk
from wecom.client.transport import Answer, Transport

_TEXT = 2_000
_IMAGES = 9
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MomentLink:
    title: str
    url: str
    media_id: str = ""  # of the cover

    kind = "link"

    def payload(self) -> dict[str, Any]:
        return {"title": self.title, "url": self.url, **({"media_id": self.media_id} if self.media_id else {})}


@dataclass(frozen=True, slots=True)
class MomentResult:
    """`status` 1 begun, 2 running, 3 done. The invalid ones are left out of a moment that was accepted."""

    status: int
    errcode: int
    moment_id: str
    invalid_senders: Row
    invalid_customers: Row


@dataclass(frozen=True, slots=True)
class Moments:
    """Media ids come from `Media.upload_attachment`."""

    transport: Transport

    def create(
        self,
        *,
        text: str,
        attachments: Sequence[Image | Video | MomentLink] = (),
        userids: Sequence[str] = (),
        department_ids: Sequence[int] = (),
        tag_ids: Sequence[str] = (),
    ) -> str:
        """The jobid (valid 24 hours) of a task for the members and customers in range.

        :raises ContentRefused: nothing to say, too much of it, or attachments of several kinds.
        """
        body: dict[str, Any] = {}
        if text:
            if len(text) > _TEXT:
                raise ContentRefused(f"朋友圈文字最多 {_TEXT} 字")
            body["text"] = {"content": text}
        if attachments:
            kinds = {one.kind for one in attachments}
            if len(kinds) > 1:
                raise ContentRefused("朋友圈的图片、视频、链接只能选一种")
            limit = _IMAGES if kinds == {Image.kind} else 1
            chosen = at_most(attachments, limit=limit, what="朋友圈附件")
            body["attachments"] = [{"msgtype": one.kind, one.kind: one.payload()} for one in chosen]
        if not body:
            raise ContentRefused("文字和附件不能都为空")
        body["visible_range"] = _range(userids, department_ids, tag_ids)
        return str(self.transport.write("externalcontact/add_moment_task", body)["jobid"])

    def result(self, *, jobid: str) -> MomentResult:
        answer = self.transport.get("externalcontact/get_moment_task_result", jobid=jobid)
        result = answer.get("result", {})
        return MomentResult(
            status=answer["status"],
            errcode=result.get("errcode", 0),
            moment_id=result.get("moment_id", ""),
            invalid_senders=result.get("invalid_sender_list", {}),
            invalid_customers=result.get("invalid_external_contact_list", {}),
        )

    def cancel(self, *, moment_id: str) -> None:
        self.transport.write("externalcontact/cancel_moment_task", {"moment_id": moment_id}, repeatable=True)

    def pages(
        self, *, since: datetime, until: datetime, creator: str = "", filter_type: int = 2, cursor: str = ""
    ) -> Iterator[Page[Row]]:
        """Moments of at most 30 days, 20 a page; `filter_type` 0 company, 1 personal, 2 all."""
        scope: dict[str, Any] = {
            "start_time": int(since.timestamp()), "end_time": int(until.timestamp()), "filter_type": filter_type,
            "limit": 20,
        }  # fmt: skip
        if creator:
            scope["creator"] = creator
        return self._walk("get_moment_list", scope, rows="moment_list", cursor=cursor)

    def task_pages(self, *, moment_id: str, cursor: str = "") -> Iterator[Page[Row]]:
        """Which members have published: `userid` and `publish_status` 0 or 1."""
        scope = {"moment_id": moment_id, "limit": 1_000}
        return self._walk("get_moment_task", scope, rows="task_list", cursor=cursor)

    def customer_pages(
        self, *, moment_id: str, userid: str, which: Literal["chosen", "reached"], cursor: str = ""
    ) -> Iterator[Page[Row]]:
        """A member's customers in the chosen range, or those who really saw it."""
        path, limit = {"chosen": ("get_moment_customer_list", 1_000), "reached": ("get_moment_send_result", 5_000)}[
            which
        ]
        scope = {"moment_id": moment_id, "userid": userid, "limit": limit}
        return self._walk(path, scope, rows="customer_list", cursor=cursor)

    def reactions(self, *, moment_id: str, userid: str) -> tuple[list[Row], list[Row]]:
        """The comments on, and the likes of, a member's moment."""
        body = {"moment_id": moment_id, "userid": userid}
        answer = self.transport.read("externalcontact/get_moment_comments", body)
        return answer.get("comment_list", []), answer.get("like_list", [])

    def _walk(self, path: str, scope: dict[str, Any], *, rows: str, cursor: str) -> Iterator[Page[Row]]:
        def fetch(at: str) -> Page[Row]:
            body = scope | ({"cursor": at} if at else {})
            answer: Answer = self.transport.read(f"externalcontact/{path}", body)
            return Page(answer[rows], answer.get("next_cursor", ""))

        return walk(fetch, cursor=cursor)


def _range(userids: Sequence[str], department_ids: Sequence[int], tag_ids: Sequence[str]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    senders = {"user_list": list(userids), "department_list": list(department_ids)}
    if given := {name: ids for name, ids in senders.items() if ids}:
        chosen["sender_list"] = given
    if tag_ids:
        chosen["external_contact_list"] = {"tag_list": list(tag_ids)}
    return chosen
