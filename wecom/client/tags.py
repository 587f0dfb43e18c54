"""Corporate tags and their marks on (member, customer) pairs (wecom.md §3.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast

from wecom.client.content import ContentRefused
from wecom.client.transport import Transport

_NAME = 30


class Tag(TypedDict):
    id: str
    name: str
    create_time: NotRequired[int]
    order: NotRequired[int]
    deleted: NotRequired[bool]


class TagGroup(TypedDict):
    group_id: str
    group_name: str
    create_time: NotRequired[int]
    order: NotRequired[int]
    deleted: NotRequired[bool]
    tag: list[Tag]


@dataclass(frozen=True, slots=True)
class Tags:
    transport: Transport

    def groups(self, *, group_ids: Sequence[str] = (), tag_ids: Sequence[str] = ()) -> list[TagGroup]:
        """All tag groups, or those asked for; WeCom ignores `tag_ids` when both are given."""
        body: dict[str, Any] = {}
        if group_ids:
            body["group_id"] = list(group_ids)
        elif tag_ids:
            body["tag_id"] = list(tag_ids)
        return cast("list[TagGroup]", self.transport.read("externalcontact/get_corp_tag_list", body)["tag_group"])

    def add(self, *, names: Sequence[str], group_id: str = "", group_name: str = "") -> TagGroup:
        """Add tags to a group, by its id or its name; a name that exists is not added twice.

        :raises ContentRefused: no tag, neither or both of id and name, or a name above 30 characters.
        """
        if bool(group_id) == bool(group_name):
            raise ContentRefused("标签组要么给编号，要么给名称")
        if not names:
            raise ContentRefused("标签组不能为空")
        for name in (*names, group_name):
            if len(name) > _NAME:
                raise ContentRefused(f"标签名最多 {_NAME} 字：{name}")
        group = {"group_id": group_id} if group_id else {"group_name": group_name}
        body = {**group, "tag": [{"name": name} for name in names]}
        # The same name in a group is created once, so a lost answer may be asked for again.
        answer = self.transport.write("externalcontact/add_corp_tag", body, repeatable=True)
        return cast("TagGroup", answer["tag_group"])

    def edit(self, *, tag_or_group_id: str, name: str | None = None, order: int | None = None) -> None:
        """Rename or move a tag or group that this app made."""
        fields = {"name": name, "order": order}
        given = {key: value for key, value in fields.items() if value is not None}
        self.transport.write("externalcontact/edit_corp_tag", {"id": tag_or_group_id, **given}, repeatable=True)

    def delete(self, *, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()) -> None:
        """Delete tags and groups that this app made; a group without tags disappears."""
        body = {"tag_id": list(tag_ids), "group_id": list(group_ids)}
        given = {name: ids for name, ids in body.items() if ids}
        self.transport.write("externalcontact/del_corp_tag", given, repeatable=True)

    def mark(self, *, userid: str, external_userid: str, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Mark a member's customer; one write per customer at a time, whoever asks (45035).

        :raises WeComRefused: 84061 where the member does not know the customer.
        """
        body: dict[str, Any] = {"userid": userid, "external_userid": external_userid}
        if add:
            body["add_tag"] = list(add)
        if remove:
            body["remove_tag"] = list(remove)
        with self.transport.limiter.serialised(external_userid):
            self.transport.write("externalcontact/mark_tag", body, repeatable=True)
