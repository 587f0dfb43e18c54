"""Welcomes: to a new customer within 20 seconds, and the template of a group (wecom.md §3.7)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from wecom.client.content import Attachment, ContentRefused, message, within
from wecom.client.errors import WeComRefused
from wecom.client.transport import Request, Transport

_LATE = 41050
_ALREADY = 41051
_ANOTHER_APP = 41096
_RETRY_SECONDS = 0.5
_GROUP_TEXT_BYTES = 3_000


class Outcome(Enum):
    SENT = "sent"
    ALREADY = "already"  # somebody welcomed her, or the chat has begun
    LATE = "late"  # the code had died


@dataclass(frozen=True, slots=True)
class GroupTemplate:
    """What newcomers of a group read; `%NICKNAME%` in the text names them. At most one attachment."""

    text: str
    attachment: Attachment | None = None
    notify: bool = True  # tell owners that they may pick it

    def payload(self) -> dict[str, Any]:
        if not self.text and self.attachment is None:
            raise ContentRefused("文字和附件不能都为空")
        body: dict[str, Any] = {}
        if self.text:
            body["text"] = {"content": within(self.text, limit=_GROUP_TEXT_BYTES, what="入群欢迎语")}
        if self.attachment is not None:
            body[self.attachment.kind] = self.attachment.payload()
        return body


@dataclass(frozen=True, slots=True)
class Welcome:
    transport: Transport
    clock: Callable[[], float] = field(default=time.time, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def send(self, *, welcome_code: str, deadline: float, text: str, attachments: Sequence[Attachment] = ()) -> Outcome:
        """Greet a new customer. `deadline`, in Unix seconds, is when the code dies: 20 s after the event.

        While another app is sending (41096) this tries again until the deadline.

        :raises ContentRefused: the content breaks a limit.
        :raises WeComRefused: another errcode, 40007 for expired media among them: send the fallback text then.
        :raises OutcomeUnknown: the answer was lost. Sending again is harmless: WeCom welcomes once (41051).
        """
        body = {"welcome_code": welcome_code, **message(text=text, attachments=attachments)}
        request = Request("POST", "externalcontact/send_welcome_msg", body=body, repeatable=False, tries=1)
        while True:
            try:
                self.transport.call(request)
            except WeComRefused as refusal:
                if refusal.code == _LATE:
                    return Outcome.LATE
                if refusal.code == _ALREADY:
                    return Outcome.ALREADY
                if refusal.code != _ANOTHER_APP or self.clock() + _RETRY_SECONDS > deadline:
                    raise
                self.sleep(_RETRY_SECONDS)
            else:
                return Outcome.SENT

    def add_group_template(self, template: GroupTemplate) -> str:
        """The template_id of a new group welcome; a company has at most 100, and the owner picks it in the group."""
        body = {**template.payload(), "notify": int(template.notify)}
        return str(self.transport.write("externalcontact/group_welcome_template/add", body)["template_id"])

    def edit_group_template(self, *, template_id: str, template: GroupTemplate) -> None:
        body = {"template_id": template_id, **template.payload()}
        self.transport.write("externalcontact/group_welcome_template/edit", body, repeatable=True)

    def group_template(self, *, template_id: str) -> dict[str, Any]:
        answer = self.transport.read("externalcontact/group_welcome_template/get", {"template_id": template_id})
        return {name: value for name, value in answer.items() if name not in {"errcode", "errmsg"}}

    def delete_group_template(self, *, template_id: str) -> None:
        body = {"template_id": template_id}
        self.transport.write("externalcontact/group_welcome_template/del", body, repeatable=True)
