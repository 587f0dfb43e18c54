"""Entry codes: 联系我 and 加入群聊 (wecom.md §3.6). Store the config_id: no console shows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast

from wecom.client.content import ContentRefused, at_most
from wecom.client.paging import Page, walk
from wecom.client.transport import Transport

_SCENE_QR = 2
_STATE = 30
_REMARK = 30
_MEMBERS_PER_CODE = 100
_GROUPS_PER_CODE = 5
_BASE_NAME = 40


class ContactWayEntry(TypedDict):
    config_id: str


@dataclass(frozen=True, slots=True)
class ContactWay:
    """A 联系我 code as a picture. One member makes it a single code, several or a department a shared one."""

    users: tuple[str, ...] = ()
    parties: tuple[int, ...] = ()
    state: str = ""
    remark: str = ""
    skip_verify: bool = True
    is_exclusive: bool = False

    def payload(self) -> dict[str, Any]:
        many = len(self.users) != 1 or bool(self.parties)
        if not self.users and not self.parties:
            raise ContentRefused("联系我至少要有一个成员或部门")
        body: dict[str, Any] = {
            "type": 2 if many else 1,
            "scene": _SCENE_QR,
            "state": _short(self.state, _STATE, "state"),
            "remark": _short(self.remark, _REMARK, "备注"),
            "skip_verify": self.skip_verify,
        }
        if self.users:
            body["user"] = at_most(self.users, limit=_MEMBERS_PER_CODE, what="成员")
        if self.parties:
            body["party"] = list(self.parties)
        if self.is_exclusive:
            body["is_exclusive"] = True
        return body


@dataclass(frozen=True, slots=True)
class CreatedCode:
    config_id: str
    qr_code: str  # an address of WeCom


@dataclass(frozen=True, slots=True)
class JoinWay:
    """A 加入群聊 code: when a group is full the next of at most five takes over, then a new one if allowed."""

    chat_ids: tuple[str, ...]
    state: str = ""
    remark: str = ""
    auto_create_room: bool = True
    room_base_name: str = ""
    room_base_id: int | None = None

    def payload(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "scene": _SCENE_QR,
            "chat_id_list": at_most(self.chat_ids, limit=_GROUPS_PER_CODE, what="群"),
            "state": _short(self.state, _STATE, "state"),
            "remark": _short(self.remark, _REMARK, "备注"),
            "auto_create_room": int(self.auto_create_room),
        }
        if self.auto_create_room and self.room_base_name:
            body["room_base_name"] = _short(self.room_base_name, _BASE_NAME, "群名前缀")
            if self.room_base_id is not None:
                body["room_base_id"] = self.room_base_id
        return body


@dataclass(frozen=True, slots=True)
class Codes:
    transport: Transport

    def add_contact_way(self, way: ContactWay) -> CreatedCode:
        answer = self.transport.write("externalcontact/add_contact_way", way.payload())
        return CreatedCode(config_id=answer["config_id"], qr_code=answer.get("qr_code", ""))

    def contact_way(self, *, config_id: str) -> dict[str, Any]:
        answer = self.transport.read("externalcontact/get_contact_way", {"config_id": config_id})
        return cast("dict[str, Any]", answer["contact_way"])

    def contact_way_pages(
        self, *, since: datetime, until: datetime, cursor: str = "", limit: int = 1_000
    ) -> Iterator[Page[ContactWayEntry]]:
        """The codes this company made by API between two moments."""
        scope = {"start_time": int(since.timestamp()), "end_time": int(until.timestamp()), "limit": limit}

        def fetch(at: str) -> Page[ContactWayEntry]:
            answer = self.transport.read("externalcontact/list_contact_way", scope | ({"cursor": at} if at else {}))
            return Page(answer["contact_way"], answer.get("next_cursor", ""))

        return walk(fetch, cursor=cursor)

    def update_contact_way(self, *, config_id: str, way: ContactWay) -> None:
        """Replace members, departments, remark and state; type and scene never change."""
        fields = {name: value for name, value in way.payload().items() if name not in {"type", "scene", "is_exclusive"}}
        self.transport.write("externalcontact/update_contact_way", {"config_id": config_id, **fields}, repeatable=True)

    def delete_contact_way(self, *, config_id: str) -> None:
        self.transport.write("externalcontact/del_contact_way", {"config_id": config_id}, repeatable=True)

    def close_temp_chat(self, *, userid: str, external_userid: str) -> None:
        body = {"userid": userid, "external_userid": external_userid}
        self.transport.write("externalcontact/close_temp_chat", body, repeatable=True)

    def add_join_way(self, way: JoinWay) -> str:
        """The config_id of a new code; its picture comes with `join_way`."""
        return str(self.transport.write("externalcontact/groupchat/add_join_way", way.payload())["config_id"])

    def join_way(self, *, config_id: str) -> dict[str, Any]:
        answer = self.transport.read("externalcontact/groupchat/get_join_way", {"config_id": config_id})
        return cast("dict[str, Any]", answer["join_way"])

    def update_join_way(self, *, config_id: str, way: JoinWay) -> None:
        body = {"config_id": config_id, **way.payload()}
        self.transport.write("externalcontact/groupchat/update_join_way", body, repeatable=True)

    def delete_join_way(self, *, config_id: str) -> None:
        self.transport.write("externalcontact/groupchat/del_join_way", {"config_id": config_id}, repeatable=True)


def _short(text: str, limit: int, what: str) -> str:
    if len(text) > limit:
        raise ContentRefused(f"{what}最多 {limit} 字")
    return text
