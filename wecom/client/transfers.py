"""Handing customers and groups to another member (wecom.md §3.11). Each item may fail by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast

from wecom.client.content import ContentRefused, at_most
from wecom.client.paging import Page, walk
from wecom.client.transport import Transport

_MESSAGE = 200
_AT_ONCE = 100


class TransferState(TypedDict):
    external_userid: str
    status: int  # 1 done, 2 waiting, 3 refused, 4 the new member is full, 5 none
    takeover_time: NotRequired[int]


class Unassigned(TypedDict):
    handover_userid: str
    external_userid: str
    dimission_time: int


class GroupFailure(TypedDict):
    chat_id: str
    errcode: int
    errmsg: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Transfers:
    transport: Transport

    def customers(
        self, *, handover: str, takeover: str, external_userids: Sequence[str], resigned: bool, message: str = ""
    ) -> dict[str, int]:
        """Ask for the transfer of up to 100 customers; the errcode of each, 0 where it was accepted.

        A transfer completes after 24 hours unless the customer refuses. `message` is for on-job transfers only.

        :raises ContentRefused: the message is too long, or given where nobody would read it.
        """
        if len(message) > _MESSAGE or (message and resigned):
            raise ContentRefused("离职继承不带提示语" if resigned else f"提示语最多 {_MESSAGE} 字")
        body: dict[str, Any] = {
            "handover_userid": handover, "takeover_userid": takeover,
            "external_userid": at_most(external_userids, limit=_AT_ONCE, what="客户"),
        }  # fmt: skip
        if message:
            body["transfer_success_msg"] = message
        path = "externalcontact/resigned/transfer_customer" if resigned else "externalcontact/transfer_customer"
        answer = self.transport.write(path, body)
        return {one["external_userid"]: int(one["errcode"]) for one in answer["customer"]}

    def customer_state_pages(
        self, *, handover: str, takeover: str, resigned: bool, cursor: str = ""
    ) -> Iterator[Page[TransferState]]:
        """How far the transfers between two members are."""
        path = "externalcontact/resigned/transfer_result" if resigned else "externalcontact/transfer_result"
        scope = {"handover_userid": handover, "takeover_userid": takeover}

        def fetch(at: str) -> Page[TransferState]:
            answer = self.transport.read(path, scope | ({"cursor": at} if at else {}))
            return Page(answer["customer"], answer.get("next_cursor", ""))

        return walk(fetch, cursor=cursor)

    def unassigned_pages(self, *, cursor: str = "") -> Iterator[Page[Unassigned]]:
        """Customers whose member has left."""

        def fetch(at: str) -> Page[Unassigned]:
            body = {"page_size": 1_000} | ({"cursor": at} if at else {})
            answer = self.transport.read("externalcontact/get_unassigned_list", body)
            following = "" if answer.get("is_last") else answer.get("next_cursor", "")
            return Page(answer["info"], following)

        return walk(fetch, cursor=cursor)

    def groups(self, *, chat_ids: Sequence[str], new_owner: str, resigned: bool) -> list[GroupFailure]:
        """Give up to 100 groups a new owner; those that failed, each with its errcode.

        90500 and 90502 say that the other of the two kinds of transfer fits.
        """
        path = "externalcontact/groupchat/transfer" if resigned else "externalcontact/groupchat/onjob_transfer"
        body = {"chat_id_list": at_most(chat_ids, limit=_AT_ONCE, what="群"), "new_owner": new_owner}
        return cast("list[GroupFailure]", self.transport.write(path, body).get("failed_chat_list", []))
