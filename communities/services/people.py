"""Who the people of a group are: colleagues by userid, customers by external_userid, known here or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from members import identities
from members.services.wecom_contacts import external_hash, recognise
from stores.models import Staff
from wecom.client.groups import GroupMember

COLLEAGUE = 1


@dataclass(frozen=True, slots=True)
class Directory:
    """What is known here of the people of one group, by their hash."""

    members: dict[bytes, int]
    staff: dict[bytes, int]


def key_of(*, number: str, is_staff: bool, corp_id: str) -> bytes:
    """The keyed hash of somebody in a group; a customer's is that of her identity."""
    if is_staff:
        return identities.value_hash(kind="userid", value=number.lower(), issuer=corp_id)
    return external_hash(external_userid=number, corp_id=corp_id)


def key_of_member(person: GroupMember, *, corp_id: str) -> bytes:
    return key_of(number=person["userid"], is_staff=person["type"] == COLLEAGUE, corp_id=corp_id)


def look_up(people: Sequence[GroupMember], *, corp_id: str, at: datetime) -> Directory:
    """Who of these is a member or a colleague; customers nobody knows stay unknown, and none is created."""
    if not people:
        return Directory({}, {})
    customers = {key_of_member(one, corp_id=corp_id): one for one in people if one["type"] != COLLEAGUE}
    colleagues = {one["userid"].lower() for one in people if one["type"] == COLLEAGUE}
    members = recognise(
        external={who: one["userid"] for who, one in customers.items()},
        unionids={who: one["unionid"] for who, one in customers.items() if one.get("unionid")},
        corp_id=corp_id, at=at,
    ) if customers else {}  # fmt: skip
    staff = Staff.objects.filter(wecom_userid__in=colleagues).values_list("wecom_userid", "pk") if colleagues else []
    return Directory(members, {key_of(number=userid, is_staff=True, corp_id=corp_id): pk for userid, pk in staff})
