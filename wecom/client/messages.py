"""Messages of the app to members, template cards included (wecom.md §3.13).

WeCom drops what exceeds 30 a minute or 1,000 an hour per member without an error: callers spread their sends.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wecom.client.content import ContentRefused, at_most, within
from wecom.client.errors import WeComRefused
from wecom.client.transport import Transport

_DUPLICATE_TASK = 42014
_MEMBERS = 1_000
_TASK_ID = re.compile(r"[A-Za-z0-9_@-]{1,128}")
_INTERACTIVE = frozenset({"button_interaction", "vote_interaction", "multiple_interaction"})
_CARDS = _INTERACTIVE | {"text_notice", "news_notice"}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was accepted. Members in `invalid` (lower case) and `unlicensed` got nothing."""

    msgid: str = ""
    response_code: str = ""  # updates the card: 72 hours, once
    invalid: tuple[str, ...] = ()
    unlicensed: tuple[str, ...] = ()
    duplicate: bool = False  # this task_id was sent before


@dataclass(frozen=True, slots=True)
class Messages:
    transport: Transport

    def send_text(self, *, to: Sequence[str], text: str) -> Receipt:
        return self._send(to, "text", {"content": within(text, limit=2_048, what="消息")})

    def send_markdown(self, *, to: Sequence[str], text: str) -> Receipt:
        return self._send(to, "markdown", {"content": within(text, limit=2_048, what="消息")})

    def send_text_card(
        self, *, to: Sequence[str], title: str, description: str, url: str, button: str = "详情"
    ) -> Receipt:
        for text, limit, what in ((title, 128, "标题"), (description, 512, "描述"), (button, 4, "按钮")):
            if len(text) > limit:
                raise ContentRefused(f"{what}最多 {limit} 字")
        card = {"title": title, "description": description, "btntxt": button}
        return self._send(to, "textcard", card | {"url": within(url, limit=2_048, what="链接地址")})

    def send_media(self, *, to: Sequence[str], kind: str, media_id: str) -> Receipt:
        """An image, voice, video or file that was uploaded."""
        if kind not in {"image", "voice", "video", "file"}:
            raise ContentRefused(f"不支持的素材类型 {kind}")
        return self._send(to, kind, {"media_id": media_id})

    def send_card(self, *, to: Sequence[str], card: Mapping[str, Any]) -> Receipt:
        """A template card. Sending a `task_id` again changes nothing and says `duplicate`.

        :raises ContentRefused: the type is unknown, an interactive card lacks a task_id, or a notice its action.
        """
        kind = card.get("card_type")
        if kind not in _CARDS:
            raise ContentRefused(f"不支持的卡片类型 {kind}")
        if (kind in _INTERACTIVE or "action_menu" in card) and not card.get("task_id"):
            raise ContentRefused("互动卡片必须有 task_id")
        if card.get("task_id") and not _TASK_ID.fullmatch(str(card["task_id"])):
            raise ContentRefused("task_id 只能含字母、数字与 _@-，最多 128 字节")
        if kind == "text_notice" and "card_action" not in card:
            raise ContentRefused("文本通知卡片必须有 card_action")
        try:
            return self._send(to, "template_card", dict(card))
        except WeComRefused as refusal:
            if refusal.code != _DUPLICATE_TASK:
                raise
            return Receipt(duplicate=True)

    def update_card(self, *, response_code: str, to: Sequence[str], replace_name: str) -> tuple[str, ...]:
        """Replace a card's buttons by a word, once per response_code; the members who were not reached."""
        body = {
            "userids": at_most(to, limit=_MEMBERS, what="成员"), "agentid": self._agent_id(),
            "response_code": response_code, "button": {"replace_name": replace_name},
        }  # fmt: skip
        answer = self.transport.write("message/update_template_card", body)
        return tuple(answer.get("invaliduser", []))

    def recall(self, *, msgid: str) -> None:
        """Take a message back within 24 hours."""
        self.transport.write("message/recall", {"msgid": msgid}, repeatable=True)

    def _send(self, to: Sequence[str], kind: str, content: dict[str, Any]) -> Receipt:
        body = {
            "touser": "|".join(at_most(to, limit=_MEMBERS, what="成员")), "agentid": self._agent_id(),
            "msgtype": kind, kind: content,
        }  # fmt: skip
        answer = self.transport.write("message/send", body)
        return Receipt(
            msgid=answer.get("msgid", ""),
            response_code=answer.get("response_code", ""),
            invalid=_names(answer.get("invaliduser", "")),
            unlicensed=_names(answer.get("unlicenseduser", "")),
        )

    def _agent_id(self) -> int:
        return int(self.transport.application.agent_id)


def _names(joined: str) -> tuple[str, ...]:
    return tuple(name for name in joined.split("|") if name)
