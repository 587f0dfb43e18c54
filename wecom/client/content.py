"""What a message may carry, checked against WeCom's limits before it is sent (wecom.md §3.7–3.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TEXT_BYTES = 4_000
MAX_ATTACHMENTS = 9


class ContentRefused(ValueError):
    """The content breaks a limit; the message says which, in Chinese."""


def within(text: str, *, limit: int, what: str) -> str:
    """The text, if its UTF-8 form has at most `limit` bytes.

    :raises ContentRefused: it has more.
    """
    size = len(text.encode())
    if size > limit:
        raise ContentRefused(f"{what}最多 {limit} 字节，现在是 {size} 字节")
    return text


def at_most(items: Sequence[Any], *, limit: int, what: str) -> list[Any]:
    """The items, if there are at least one and at most `limit`.

    :raises ContentRefused: there are none or more.
    """
    if not items or len(items) > limit:
        raise ContentRefused(f"{what}应为 1 到 {limit} 个，现在是 {len(items)} 个")
    return list(items)


@dataclass(frozen=True, slots=True)
class Image:
    """By temporary `media_id` (three days) or by a `pic_url` of `Media.upload_permanent_image`."""

    media_id: str = ""
    pic_url: str = ""

    def payload(self) -> dict[str, Any]:
        if bool(self.media_id) == bool(self.pic_url):
            raise ContentRefused("图片要么给 media_id，要么给 pic_url")
        return {"media_id": self.media_id} if self.media_id else {"pic_url": self.pic_url}

    kind = "image"


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str
    picurl: str = ""
    desc: str = ""

    kind = "link"

    def payload(self) -> dict[str, Any]:
        return {
            "title": within(self.title, limit=128, what="链接标题"),
            "picurl": within(self.picurl, limit=2_048, what="链接封面地址"),
            "desc": within(self.desc, limit=512, what="链接描述"),
            "url": within(self.url, limit=2_048, what="链接地址"),
        }


@dataclass(frozen=True, slots=True)
class MiniProgram:
    title: str
    pic_media_id: str  # 520×416
    appid: str
    page: str

    kind = "miniprogram"

    def payload(self) -> dict[str, Any]:
        return {
            "title": within(self.title, limit=64, what="小程序标题"),
            "pic_media_id": self.pic_media_id,
            "appid": self.appid,
            "page": self.page,
        }


@dataclass(frozen=True, slots=True)
class Video:
    media_id: str

    kind = "video"

    def payload(self) -> dict[str, Any]:
        return {"media_id": self.media_id}


@dataclass(frozen=True, slots=True)
class File:
    media_id: str

    kind = "file"

    def payload(self) -> dict[str, Any]:
        return {"media_id": self.media_id}


Attachment = Image | Link | MiniProgram | Video | File


def message(*, text: str, attachments: Sequence[Attachment] = (), text_bytes: int = TEXT_BYTES) -> dict[str, Any]:
    """The text and attachments as WeCom wants them in welcomes and group-sends.

    :raises ContentRefused: both are empty, or a limit is broken.
    """
    if not text and not attachments:
        raise ContentRefused("文字和附件不能都为空")
    body: dict[str, Any] = {}
    if text:
        body["text"] = {"content": within(text, limit=text_bytes, what="文字")}
    if attachments:
        chosen = at_most(attachments, limit=MAX_ATTACHMENTS, what="附件")
        body["attachments"] = [{"msgtype": one.kind, one.kind: one.payload()} for one in chosen]
    return body
