"""What entry codes must know of groups, read from WeCom itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wecom.client.errors import Treatment, WeComRefused
from wecom.gateway import WeCom

CAPACITY = 500  # members of a group made by a member of the company (wecom.md §5.1)
_ROOM = 5  # a group with fewer free places counts as full: joins are under way while we look
_OWNERS_A_CALL = 100


@dataclass(frozen=True, slots=True)
class GroupFact:
    """A group as it is now."""

    chat_id: str
    name: str
    owner: str
    members: int
    is_dissolved: bool = False

    @property
    def is_full(self) -> bool:
        return self.members > CAPACITY - _ROOM

    @property
    def takes_more(self) -> bool:
        return not self.is_dissolved and not self.is_full


def facts_of(gateway: WeCom, chat_ids: Iterable[str]) -> dict[str, GroupFact]:
    """The groups by their id. One WeCom refuses to know is dissolved.

    :raises WeComUnavailable: nobody knows just now.
    """
    return {chat_id: _fact(gateway, chat_id) for chat_id in dict.fromkeys(chat_ids)}


def groups_owned_by(gateway: WeCom, userids: Sequence[str]) -> list[GroupFact]:
    """The groups of some owners, oldest first."""
    found: list[GroupFact] = []
    for start in range(0, len(userids), _OWNERS_A_CALL):
        for page in gateway.groups.pages(owners=userids[start : start + _OWNERS_A_CALL]):
            found += [_fact(gateway, entry["chat_id"]) for entry in page.items]
    return found


def _fact(gateway: WeCom, chat_id: str) -> GroupFact:
    try:
        group = gateway.groups.get(chat_id=chat_id)
    except WeComRefused as refusal:
        if refusal.treatment is Treatment.ALERT or not refusal.lasting:
            raise  # it says nothing about the group
        return GroupFact(chat_id=chat_id, name="", owner="", members=0, is_dissolved=True)
    members = len(group["member_list"])
    return GroupFact(chat_id=chat_id, name=group.get("name", ""), owner=group["owner"], members=members)
