"""Customer groups (wecom.md §3.5). No API creates, renames or empties one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast

from wecom.client.content import at_most
from wecom.client.paging import Page, walk
from wecom.client.transport import Transport


class GroupEntry(TypedDict):
    chat_id: str
    status: int  # 0 normal, 1 owner left, 2 being handed over, 3 handed over


class GroupMember(TypedDict):
    userid: str
    type: int  # 1 member of the company, 2 external
    unionid: NotRequired[str]
    join_time: NotRequired[int]
    join_scene: NotRequired[int]  # 1 invited, 2 link, 3 QR; not the numbers of the callback
    invitor: NotRequired[dict[str, str]]
    group_nickname: NotRequired[str]
    name: NotRequired[str]
    state: NotRequired[str]  # of the join way


class Group(TypedDict):
    chat_id: str
    name: NotRequired[str]
    owner: str
    create_time: NotRequired[int]
    notice: NotRequired[str]
    member_list: list[GroupMember]
    admin_list: NotRequired[list[dict[str, str]]]
    member_version: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Groups:
    transport: Transport

    def pages(
        self, *, owners: Sequence[str] = (), status: int = 0, cursor: str = "", limit: int = 1_000
    ) -> Iterator[Page[GroupEntry]]:
        """Groups of up to 100 owners. Without owners, a company with more than 1,000 people is refused (81017)."""
        scope: dict[str, Any] = {"status_filter": status, "limit": limit}
        if owners:
            scope["owner_filter"] = {"userid_list": at_most(owners, limit=100, what="群主")}

        def fetch(at: str) -> Page[GroupEntry]:
            answer = self.transport.read("externalcontact/groupchat/list", scope | ({"cursor": at} if at else {}))
            return Page(answer["group_chat_list"], answer.get("next_cursor", ""))

        return walk(fetch, cursor=cursor)

    def get(self, *, chat_id: str, with_names: bool = True) -> Group:
        body = {"chat_id": chat_id, "need_name": int(with_names)}
        return cast("Group", self.transport.read("externalcontact/groupchat/get", body)["group_chat"])

    def chat_id_of(self, *, opengid: str) -> str:
        """The group a mini-program was shared into."""
        return str(self.transport.read("externalcontact/opengid_to_chatid", {"opengid": opengid})["chat_id"])
