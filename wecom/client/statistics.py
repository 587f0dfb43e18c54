"""Figures WeCom keeps, per member or owner, never per group (wecom.md §3.10). Ask late in the morning."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired, TypedDict, cast

from wecom.client.content import at_most
from wecom.client.paging import Page, walk
from wecom.client.transport import Transport

_PAGE = 1_000


class Behaviour(TypedDict):
    stat_time: int
    chat_cnt: NotRequired[int]
    message_cnt: NotRequired[int]
    reply_percentage: NotRequired[float]
    avg_reply_time: NotRequired[int]  # minutes
    negative_feedback_cnt: NotRequired[int]
    new_apply_cnt: NotRequired[int]
    new_contact_cnt: NotRequired[int]


class GroupFigures(TypedDict):
    new_chat_cnt: int
    chat_total: int
    chat_has_msg: int
    new_member_cnt: int
    member_total: int
    member_has_msg: int
    msg_total: int
    migrate_trainee_chat_cnt: NotRequired[int]


class OwnerFigures(TypedDict):
    owner: str
    data: GroupFigures


class DayFigures(TypedDict):
    stat_time: int
    data: GroupFigures


@dataclass(frozen=True, slots=True)
class Statistics:
    transport: Transport

    def behaviour(self, *, userid: str, since: datetime, until: datetime) -> list[Behaviour]:
        """A member's days; at most 30 at once, within the last 180. WeCom would sum several members, so one."""
        body = {"userid": [userid], "start_time": int(since.timestamp()), "end_time": int(until.timestamp())}
        answer = self.transport.read("externalcontact/get_user_behavior_data", body)
        return cast("list[Behaviour]", answer["behavior_data"])

    def by_owner_pages(
        self, *, owners: Sequence[str], since: datetime, until: datetime, cursor: str = ""
    ) -> Iterator[Page[OwnerFigures]]:
        """Figures of up to 100 owners over a period. The API counts offsets; the cursor is the next one."""
        scope = {**_scope(owners, since, until), "limit": _PAGE}

        def fetch(at: str) -> Page[OwnerFigures]:
            answer = self.transport.read("externalcontact/groupchat/statistic", {**scope, "offset": int(at or 0)})
            following = int(answer.get("next_offset", 0))
            left = bool(answer["items"]) and following < int(answer["total"])
            return Page(answer["items"], str(following) if left else "")

        return walk(fetch, cursor=cursor)

    def by_day(self, *, owners: Sequence[str], since: datetime, until: datetime) -> list[DayFigures]:
        """Figures of up to 100 owners together, day by day."""
        answer = self.transport.read("externalcontact/groupchat/statistic_group_by_day", _scope(owners, since, until))
        return cast("list[DayFigures]", answer["items"])


def _scope(owners: Sequence[str], since: datetime, until: datetime) -> dict[str, Any]:
    return {
        "day_begin_time": int(since.timestamp()),
        "day_end_time": int(until.timestamp()),
        "owner_filter": {"userid_list": at_most(owners, limit=100, what="群主")},
    }
