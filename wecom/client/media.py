"""Uploads (wecom.md §3.14). A media_id lives three days: keep the original, upload just before a send."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from wecom.client.content import ContentRefused
from wecom.client.errors import Treatment, WeComRefused
from wecom.client.transport import Request, Transport

Kind = Literal["image", "voice", "video", "file"]
T = TypeVar("T")
_MEGABYTE = 1024 * 1024
# Two official pages name 10 MB and 5 MB for images: the smaller one holds for both.
LIMITS: dict[Kind, int] = {
    "image": 5 * _MEGABYTE, "voice": 2 * _MEGABYTE, "video": 10 * _MEGABYTE, "file": 20 * _MEGABYTE,
}  # fmt: skip
_SMALLEST = 6  # "more than 5 bytes"
MOMENT: Literal[1] = 1
ALBUM: Literal[2] = 2


@dataclass(frozen=True, slots=True)
class Media:
    transport: Transport

    def upload(self, *, kind: Kind, name: str, content: bytes, media_type: str) -> str:
        """The media_id of a file for messages, welcomes and group-sends.

        :raises ContentRefused: it is too large or empty.
        """
        request = self._request(
            "media/upload", {"type": kind}, kind=kind, name=name, content=content, media_type=media_type
        )
        return str(self.transport.call(request)["media_id"])

    def upload_attachment(
        self, *, kind: Kind, name: str, content: bytes, media_type: str, use: Literal[1, 2] = MOMENT
    ) -> str:
        """The media_id of a file for moments (1) or the product album (2).

        :raises ContentRefused: it is too large or empty.
        """
        params: dict[str, str | int] = {"media_type": kind, "attachment_type": use}
        request = self._request(
            "media/upload_attachment", params, kind=kind, name=name, content=content, media_type=media_type
        )
        return str(self.transport.call(request)["media_id"])

    def upload_permanent_image(self, *, name: str, content: bytes, media_type: str) -> str:
        """A lasting address of a picture; a company has 3,000 a month and 1,000 a day."""
        request = self._request("media/uploadimg", {}, kind="image", name=name, content=content, media_type=media_type)
        return str(self.transport.call(request)["url"])

    def _request(
        self, path: str, params: dict[str, str | int], *, kind: Kind, name: str, content: bytes, media_type: str
    ) -> Request:
        if len(content) < _SMALLEST:
            raise ContentRefused("文件是空的")
        if len(content) > LIMITS[kind]:
            raise ContentRefused(f"文件最大 {LIMITS[kind] // _MEGABYTE} MB")
        # Bytes, not a stream: a second try sends the same file, not the rest of it.
        return Request("POST", path, params=params, file=(name, content, media_type))


def with_fresh_media(*, media_id: str, upload: Callable[[], str], use: Callable[[str], T]) -> T:
    """Use a media_id; where WeCom says that it has expired (40007), upload again and use that, once."""
    try:
        return use(media_id)
    except WeComRefused as refusal:
        if refusal.treatment is not Treatment.REUPLOAD:
            raise
    return use(upload())
