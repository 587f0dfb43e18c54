"""Texts and attachments of welcomes, group-sends and moments, held to WeCom's limits (wecom.md §3.7–3.9)."""

from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import lookups
from wecom.sandbox.arguments import Arguments
from wecom.sandbox.routing import Call

KINDS = ("image", "link", "miniprogram", "video", "file")
_ATTACHMENTS = 9


def message(call: Call, *, octets: int = 4_000) -> dict[str, Any]:
    """The text and attachments of a call. :raises Refused: both are empty, or a limit is broken"""
    found: dict[str, Any] = {}
    if text := call.arguments.part("text").text("content", octets=octets):
        found["text"] = {"content": text}
    attachments = []
    for one in call.arguments.parts("attachments", most=_ATTACHMENTS):
        kind = one.choice("msgtype", KINDS)
        attachments.append({"msgtype": kind, kind: attachment(call, kind, one.part(kind, required=True))})
    if attachments:
        found["attachments"] = attachments
    if not found:
        raise Refused(40063, "text and attachments are both empty")
    return found


def attachment(call: Call, kind: str, body: Arguments) -> dict[str, Any]:
    """One attachment, with the fields WeCom keeps."""
    match kind:
        case "image":
            return _image(call, body)
        case "link":
            return {
                "title": body.text("title", required=True, octets=128),
                "picurl": body.text("picurl", octets=2_048),
                "desc": body.text("desc", octets=512),
                "url": body.text("url", required=True, octets=2_048),
            }
        case "miniprogram":
            return {
                "title": body.text("title", required=True, octets=64),
                "pic_media_id": lookups.media(call, body, "pic_media_id", kind="image"),
                "appid": body.text("appid", required=True),
                "page": body.text("page", required=True),
            }
        case _:
            return {"media_id": lookups.media(call, body, kind=kind)}


def _image(call: Call, body: Arguments) -> dict[str, str]:
    if "media_id" in body:
        return {"media_id": lookups.media(call, body, kind="image")}
    address = body.text("pic_url", required=True)
    if call.store.document("permanent_image", address.rsplit("/", 1)[-1]) is None:
        raise Refused(40058, "pic_url is not from uploadimg")
    return {"pic_url": address}
