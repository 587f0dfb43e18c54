"""The sample chain as a company of WeCom: who works where, who knows whom, who talks in which group.

This is how the sandbox learns of it. What it says goes into WeCom; it comes back through the API like any other
company's. The form is written down in docs/decisions/0015-demo-company.md.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from members.identities import decrypt
from members.models import Contact, Identity, Member
from stores.models import Region, Staff, Store

Line = dict[str, dict[str, Any]]
ROOT = 1  # the department of everybody; WeCom gives it this number
_GROUPS = (2, 2, 3)  # drawn from, per store
_ROOM = 450  # of the 500 a group holds: newcomers are to come
_IN_GROUPS = 0.85
_STRANGERS = (4, 9)  # customers per store whom the POS does not know
_NOTED = 0.4  # of the stores have a customer of whom a colleague noted the phone, and nothing else is known
_SCENES = (3, 3, 3, 2, 1)  # by code, by link, by invitation
_BY_CODE, _BY_NAME_CARD = 1, 3  # add_way
_INVITED = 1  # join_scene
_GENDERS = {Member.Gender.MALE.value: 1, Member.Gender.FEMALE.value: 2}
_TALKATIVE = "王李张刘陈杨黄赵周吴"
_NICKNAMES = ("小鱼儿", "阳光", "静待花开", "楼下的猫", "豆豆妈", "老街坊", "山里人家", "月半", "向日葵", "一颗柠檬",
              "多多爸爸", "早起的鸟", "南风", "橙子", "半糖", "云淡风轻")  # fmt: skip


def company_lines(*, at: datetime) -> Iterator[Line]:
    """The company of all stores, as of `at`: departments, colleagues, and store by store customers and groups.

    Every line has one key, which says what it is. Nothing is named before its own line. The same chain gives the
    same company; memory follows one store.
    """
    regions = {region.pk: region for region in Region.objects.order_by("path")}
    stores = list(Store.objects.order_by("code"))
    departments = {region: ROOT + 1 + n for n, region in enumerate(regions)}
    shops = {store.pk: ROOT + 1 + len(regions) + n for n, store in enumerate(stores)}
    yield {"department": {"id": ROOT, "name": "总部", "parent": 0}}
    for region in regions.values():
        parent = departments[region.parent_id] if region.parent_id else ROOT
        yield {"department": {"id": departments[region.pk], "name": region.name, "parent": parent}}
    for store in stores:
        yield {"department": {"id": shops[store.pk], "name": store.name, "parent": departments[store.region_id]}}
    for staff in _colleagues():
        department = shops.get(staff.store_id or 0) or departments.get(staff.region_id or 0, ROOT)
        yield {"member": {
            "userid": userid_of(staff), "name": staff.name, "department": department,
            "position": staff.get_role_display(),
        }}  # fmt: skip
    met: set[int] = set()
    for store in stores:
        yield from _Neighbourhood(store, at=at, met=met).lines()


def userid_of(staff: Staff) -> str:
    """Under what name a colleague is in WeCom: what we know, else the account here, which a reading then finds."""
    return staff.wecom_userid or staff.username.lower()


def _colleagues() -> QuerySet[Staff]:
    return Staff.objects.filter(is_active=True).order_by("pk")


class _Neighbourhood:
    """The customers and groups of one store."""

    def __init__(self, store: Store, *, at: datetime, met: set[int]) -> None:
        """:param met: the members who have their line already, from this store or another"""
        self.store, self.at, self.met = store, at, met
        self.dice = random.Random(f"company of {store.code}")  # noqa: S311 -- reproducible on purpose
        shop = _colleagues().filter(store=store)
        self.team = sorted(shop, key=lambda one: (one.role != Staff.Role.MANAGER, one.pk))
        self.known: list[tuple[str, datetime]] = []  # customer, since when

    def lines(self) -> Iterator[Line]:
        if not self.team:
            return
        yield from self._members()
        yield from self._strangers()
        yield from self._noted()
        yield from self._groups()

    def _members(self) -> Iterator[Line]:
        """The contacts the chain has already; the UnionID is what will join them."""
        contacts = Contact.objects.filter(staff__in=self.team, ended_at=None, member__merged_into=None)
        unions = Identity.objects.filter(kind=Identity.Kind.UNIONID, member__contacts__in=contacts)
        sealed = dict(unions.values_list("member_id", "value_encrypted"))
        for contact in contacts.select_related("member", "staff").order_by("pk"):
            member = contact.member
            if member.pk not in sealed:
                continue
            key = f"m{member.pk}"
            if member.pk not in self.met:
                self.met.add(member.pk)
                yield {"customer": {
                    "key": key, "name": member.name, "gender": _GENDERS.get(member.gender, 0),
                    "unionid": decrypt(sealed[member.pk]),
                }}  # fmt: skip
            yield self._follow(contact.staff, key, since=contact.added_at)

    def _strangers(self) -> Iterator[Line]:
        for number in range(self.dice.randint(*_STRANGERS)):
            key, added_at = f"{self.store.code}-{number}", self._lately(days=60)
            name = self.dice.choice(_NICKNAMES) if self.dice.random() < 0.6 else self._surname()  # noqa: PLR2004 -- share
            yield {"customer": {"key": key, "name": name, "gender": self.dice.randint(0, 2)}}
            yield self._follow(self.dice.choice(self.team), key, since=added_at)

    def _noted(self) -> Iterator[Line]:
        """One whose phone a colleague wrote down: only a person can say whether she is the member with that phone."""
        if self.dice.random() >= _NOTED:
            return
        own = Identity.objects.filter(member=OuterRef("member"))
        phones = Identity.objects.filter(
            kind=Identity.Kind.PHONE, member__home_store=self.store, member__merged_into=None, member__contacts=None
        ).exclude(Exists(own.filter(kind=Identity.Kind.UNIONID)))  # fmt: skip
        phone = phones.select_related("member").order_by("pk").first()
        if phone is None:
            return
        key = f"{self.store.code}-noted"
        yield {"customer": {"key": key, "name": self.dice.choice(_NICKNAMES), "gender": 0}}
        line = self._follow(self.team[0], key, since=self._lately(days=30))
        line["follow"] |= {"remark": phone.member.name, "mobiles": [decrypt(phone.value_encrypted)]}
        yield line

    def _follow(self, staff: Staff, key: str, *, since: datetime) -> Line:
        self.known.append((key, since))
        way = _BY_CODE if self.dice.random() < 0.8 else _BY_NAME_CARD  # noqa: PLR2004 -- share
        return {"follow": {"userid": userid_of(staff), "customer": key, "at": int(since.timestamp()), "add_way": way}}

    def _groups(self) -> Iterator[Line]:
        count = self.dice.choice(_GROUPS)
        inside = [one for one in dict(self.known).items() if self.dice.random() < _IN_GROUPS][: count * _ROOM]
        for number in range(count):
            owner = self.team[0] if number < 2 or len(self.team) == 1 else self.team[1]  # noqa: PLR2004 -- the third is a guide's
            people = [self._join(key, since, owner) for key, since in inside[number::count]]
            made_at = min((one["at"] for one in people), default=int(self.at.timestamp())) - 86_400
            colleagues = [{"userid": userid_of(one), "at": made_at} for one in self.team if one is not owner]
            yield {"group": {
                "name": f"{self.store.name}·福利{number + 1}群", "owner": userid_of(owner), "at": made_at,
                "people": [*colleagues, *people],
            }}  # fmt: skip

    def _join(self, key: str, since: datetime, owner: Staff) -> dict[str, Any]:
        latest = self.at - timedelta(hours=1)
        joined_at = min(max(since, latest - timedelta(days=700)) + timedelta(days=self.dice.uniform(0, 9)), latest)
        scene = self.dice.choice(_SCENES)
        invited = {"invitor": userid_of(owner)} if scene == _INVITED else {}
        return {"customer": key, "at": int(joined_at.timestamp()), "scene": scene, **invited}

    def _lately(self, *, days: int) -> datetime:
        return self.at - timedelta(days=self.dice.uniform(0.2, days))

    def _surname(self) -> str:
        return self.dice.choice(_TALKATIVE) + self.dice.choice(("姐", "阿姨", "先生", "女士", "哥"))
