"""A post's parts as messages of the JS-SDK's `sendChatMessage` (wecom.md §3.16)."""

from datetime import datetime
from typing import Any

from communities.models import PostContent, PostTask
from communities.selectors.links import own_words
from communities.services.cadence.proving import frozen_content
from communities.services.content.sending import wecom_attachments
from wecom.client.content import Image, Link, MiniProgram, Video


class PartGone(LookupError):
    """The post has no such part."""


def parts(text: str, attachments: list[dict[str, Any]]) -> list[str]:
    """What a post consists of, in the order it is sent, in words."""
    files = ["小程序" if "appid" in one else "链接" if "url" in one else "图片" for one in attachments]
    return (["文字"] if text else []) + files


def chat_message(task: PostTask, *, number: int, at: datetime) -> dict[str, Any]:
    """One part, by its place in `parts`; what was not frozen yet is, so that all parts are of one wording.

    Its links are the group's own.

    :raises PartGone: there is no such part
    :raises ContentRefused: its file is gone
    :raises WeComError: its file could not be uploaded
    """
    task.content = frozen_content(task)
    words = own_words([task])[task.pk]
    place = number - bool(words.text)
    if place < 0:
        return {"msgtype": "text", "text": {"content": words.text}}
    if place >= len(words.attachments):
        raise PartGone
    # This one alone: the other files need not go up for it.
    match wecom_attachments(PostContent(attachments=[words.attachments[place]]), at=at)[0]:
        case Image(media_id=media_id):
            return {"msgtype": "image", "image": {"mediaid": media_id}}
        case Video(media_id=media_id):
            return {"msgtype": "video", "video": {"mediaid": media_id}}
        case Link() as link:
            news = {"link": link.url, "title": link.title, "desc": link.desc, "imgUrl": link.picurl}
            return {"msgtype": "news", "news": news}
        case MiniProgram() as mini:
            page = {"appid": mini.appid, "title": mini.title, "imgUrl": "", "page": mini.page}
            return {"msgtype": "miniprogram", "miniprogram": page}
    raise PartGone
