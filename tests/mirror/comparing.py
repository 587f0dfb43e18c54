"""Everything the mirror keeps of WeCom, as the sandbox's own rows say it and as the platform's do."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from communities.models import CustomerGroup, GroupMembership
from communities.services.people import key_of
from members.identities import value_hash
from members.models import Contact, CustomerTag, Identity
from members.services.wecom_contacts import external_hash
from stores.models import Department, Staff
from tests.mirror.mirroring import moment
from tests.wecom.sandbox.company import CORP, Company

LEFT = 5
_GENDERS = {1: "m", 2: "f"}
Pair = tuple[str, bytes]  # userid, customer


@dataclass
class Picture:
    """One company, field by field.

    Contacts are those of colleagues who still serve customers: what leavers hold no list of WeCom names, it waits for
    the hand-over. A colleague's store is compared, which his department leads to.
    """

    staff: dict[str, Any] = field(default_factory=dict)
    departments: dict[int, Any] = field(default_factory=dict)
    tags: dict[str, Any] = field(default_factory=dict)
    contacts: dict[Pair, Any] = field(default_factory=dict)
    groups: dict[str, Any] = field(default_factory=dict)
    stays: dict[tuple[str, bytes, datetime], Any] = field(default_factory=dict)

    @staticmethod
    def whose(contacts) -> dict[int, Pair]:
        """The pair behind each contact."""
        ids = dict(
            Identity.objects.filter(kind="external_userid", member__contacts__in=contacts).values_list(
                "member_id", "value_hash"
            )
        )
        return {row.pk: (row.staff.wecom_userid, bytes(ids[row.member_id])) for row in contacts.select_related("staff")}


def differences(one: Picture, other: Picture) -> dict[str, set]:
    """The keys of what differs, by part. What a new or a vanished group holds is told by the
    group, what a leaver held by his leaving, whom a vanished tag was on by the tag."""
    gone = one.tags.keys() - other.tags.keys()
    left = {
        pair: (*row[:4], [tag for tag in row[4] if tag not in gone], *row[5:]) for pair, row in one.contacts.items()
    }
    one = replace(one, contacts=left)
    found = {
        part: {key for key in {*mine, *theirs} if mine.get(key) != theirs.get(key)}
        for part, mine, theirs in ((name, vars(one)[name], vars(other)[name]) for name in vars(one))
    }
    whole = {chat for chat in found["groups"] if (chat in one.groups) != (chat in other.groups)}
    leavers = one.staff.keys() - other.staff.keys()
    found["contacts"] = {pair for pair in found["contacts"] if pair[0] not in leavers}
    found["stays"] = {stay for stay in found["stays"] if stay[0] not in whole}
    return found


def rows(company: Company, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := company.see("rows", table=table, offset=len(found))["rows"]:
        found += page
    return found


def truth(company: Company) -> Picture:
    """What the sandbox's own rows say."""
    departments = {row["id"]: row for row in rows(company, "department")}
    staff = {row["userid"].lower(): row for row in rows(company, "staff") if row["status"] != LEFT}
    people = {row["id"]: row for row in rows(company, "contact")}
    groups = {row["id"]: row for row in rows(company, "tag_group")}
    tags: dict[tuple[str, str], list[str]] = {}
    for row in rows(company, "mark"):
        tags.setdefault((row["userid"].lower(), row["contact"]), []).append(row["tag"])
    return Picture(
        staff={userid: (row["name"], _shop(departments, row["department"])) for userid, row in staff.items()},
        departments={row["id"]: (row["name"], row["parentid"]) for row in departments.values()},
        tags={
            row["id"]: (row["name"], row["tag_group"], groups[row["tag_group"]]["name"], row["position"])
            for row in rows(company, "tag")
        },
        contacts={
            (userid, external_hash(external_userid=row["contact"], corp_id=CORP)): (
                moment(row["created"]), row["remark"], row["state"], row["add_way"],
                sorted(tags.get((userid, row["contact"]), [])), people[row["contact"]]["name"],
                _GENDERS.get(people[row["contact"]]["gender"], ""), _union(people[row["contact"]]["unionid"]),
            )
            for row in rows(company, "follow") if (userid := row["userid"].lower()) in staff
        },
        groups={
            row["chat_id"]: (row["name"], row["owner"].lower(), moment(row["created"]))
            for row in rows(company, "chat") if not row["dismissed"]
        },
        stays={
            (row["chat_id"], key_of(number=row["member"], is_staff=row["type"] == 1, corp_id=CORP),
             moment(row["joined"])): (row["type"] == 1, row["scene"], row["invitor"].lower(), row["state"])
            for row in rows(company, "chat_member")
        },
    )  # fmt: skip


def ours() -> Picture:
    """The same as the platform has it; live rows only."""
    dead = set(CustomerTag.objects.exclude(deleted_at=None).values_list("pk", flat=True))
    ids: dict[int, dict[str, bytes]] = {}
    for member, kind, value in Identity.objects.values_list("member_id", "kind", "value_hash"):
        ids.setdefault(member, {})[kind] = bytes(value)
    contacts = Contact.objects.filter(ended_at=None, staff__is_active=True).select_related("staff", "member")
    stays = GroupMembership.objects.filter(left_at=None).select_related("group")
    return Picture(
        staff={
            row.wecom_userid: (row.name, row.store.name)
            for row in Staff.objects.filter(is_active=True).exclude(wecom_userid="").select_related("store")
        },
        departments={
            row.pk: (row.name, row.parent_number) for row in Department.objects.filter(deleted_at=None)
        },
        tags={
            row.pk: (row.name, row.group_id, row.group_name, row.position)
            for row in CustomerTag.objects.filter(deleted_at=None)
        },
        contacts={
            (row.staff.wecom_userid, ids[row.member_id]["external_userid"]): (
                row.added_at, row.remark, row.state, row.add_way, sorted({*row.tags} - dead), row.member.name,
                row.member.gender, ids[row.member_id].get("unionid"),
            )
            for row in contacts
        },
        groups={row.chat_id: (row.name, row.owner_userid, row.created_at) for row in CustomerGroup.objects.live()},
        stays={
            (row.group.chat_id, bytes(row.who), row.joined_at): (row.is_staff, row.join_scene, row.inviter, row.state)
            for row in stays
        },
    )  # fmt: skip


def _shop(departments: dict[int, Any], number: int) -> str:
    """The store that the nearest department with a store's name above stands for."""
    while not departments[number]["name"].endswith("店"):
        number = departments[number]["parentid"]
    return departments[number]["name"]


def _union(unionid: str) -> bytes | None:
    return value_hash(kind="unionid", value=unionid, issuer="") if unionid else None
