"""Customers and the members who know them (wecom.md §3.3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast

from wecom.client.content import ContentRefused, at_most
from wecom.client.paging import Page, walk
from wecom.client.transport import Transport

_REMARK = 20
_DESCRIPTION = 150


class ExternalContact(TypedDict):
    external_userid: str
    name: NotRequired[str]
    avatar: NotRequired[str]
    type: NotRequired[int]  # 1 WeChat, 2 WeCom
    gender: NotRequired[int]
    unionid: NotRequired[str]  # only where the company bound an Open Platform account
    position: NotRequired[str]
    corp_name: NotRequired[str]
    corp_full_name: NotRequired[str]
    external_profile: NotRequired[dict[str, Any]]


class FollowTag(TypedDict):
    group_name: NotRequired[str]
    tag_name: NotRequired[str]
    tag_id: NotRequired[str]  # personal tags have none
    type: NotRequired[int]  # 1 corp, 2 personal, 3 rule group


class Follow(TypedDict):
    """What one member keeps about a customer. `get` brings `tags`, the batch brings `tag_id`."""

    userid: str
    remark: NotRequired[str]
    description: NotRequired[str]
    createtime: NotRequired[int]
    tags: NotRequired[list[FollowTag]]
    tag_id: NotRequired[list[str]]
    remark_corp_name: NotRequired[str]
    remark_mobiles: NotRequired[list[str]]
    oper_userid: NotRequired[str]
    add_way: NotRequired[int]
    state: NotRequired[str]
    wechat_channels: NotRequired[dict[str, Any]]


def tags_of(follow: Follow) -> list[str]:
    """The ids of the corporate tags, in order: `get` mixes in personal ones, which have none."""
    listed = [tag.get("tag_id", "") for tag in follow.get("tags", [])] + list(follow.get("tag_id", []))
    return sorted({number for number in listed if number})


class CustomerOfMember(TypedDict):
    external_contact: ExternalContact
    follow_info: Follow  # one member's, not a list


@dataclass(frozen=True, slots=True)
class Customer:
    contact: ExternalContact
    follows: list[Follow]


@dataclass(frozen=True, slots=True)
class Customers:
    transport: Transport

    def member_ids(self) -> list[str]:
        """Members with 客户联系 inside the app's visible range."""
        return cast("list[str]", self.transport.get("externalcontact/get_follow_user_list")["follow_user"])

    def ids_of(self, *, userid: str) -> list[str]:
        """The external_userid of every customer of a member."""
        return cast("list[str]", self.transport.get("externalcontact/list", userid=userid)["external_userid"])

    def get(self, *, external_userid: str) -> Customer:
        """A customer with all members who follow her, over as many pages as that takes."""
        contact: ExternalContact | None = None

        def fetch(cursor: str) -> Page[Follow]:
            nonlocal contact
            more = {"cursor": cursor} if cursor else {}
            answer = self.transport.get("externalcontact/get", external_userid=external_userid, **more)
            contact = contact or answer["external_contact"]
            return Page(answer["follow_user"], answer.get("next_cursor", ""))

        follows = [follow for page in walk(fetch) for follow in page.items]
        return Customer(contact=cast("ExternalContact", contact), follows=follows)

    def pages_of(
        self, *, userids: Sequence[str], cursor: str = "", limit: int = 100
    ) -> Iterator[Page[CustomerOfMember]]:
        """The customers of up to 100 members, with what each member keeps; personal tags are not included.

        `page.failed` names members without a licence.
        """
        chosen = at_most(userids, limit=100, what="成员")

        def fetch(at: str) -> Page[CustomerOfMember]:
            body = {"userid_list": chosen, "limit": limit} | ({"cursor": at} if at else {})
            answer = self.transport.read("externalcontact/batch/get_by_user", body)
            failed = answer.get("fail_info", {}).get("unlicensed_userid_list", [])
            return Page(answer["external_contact_list"], answer.get("next_cursor", ""), failed)

        return walk(fetch, cursor=cursor)

    def set_remark(
        self,
        *,
        userid: str,
        external_userid: str,
        remark: str | None = None,
        description: str | None = None,
        remark_company: str | None = None,
        remark_mobiles: Sequence[str] | None = None,
    ) -> None:
        """Write what a member notes on a customer; None leaves a field alone, `remark_mobiles` replaces all.

        :raises ContentRefused: a text is too long.
        """
        for text, limit, what in (
            (remark, _REMARK, "备注"), (description, _DESCRIPTION, "描述"), (remark_company, _REMARK, "备注企业"),
        ):  # fmt: skip
            if text is not None and len(text) > limit:
                raise ContentRefused(f"{what}最多 {limit} 字")
        fields = {
            "remark": remark, "description": description, "remark_company": remark_company,
            "remark_mobiles": None if remark_mobiles is None else list(remark_mobiles),
        }  # fmt: skip
        given = {name: value for name, value in fields.items() if value is not None}
        body = {"userid": userid, "external_userid": external_userid, **given}
        self.transport.write("externalcontact/remark", body, repeatable=True)
