"""A chain with a published plan, for the tests of a day's slots."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from communities.models import (
    CellMaterial,
    CustomerGroup,
    Material,
    MaterialVersion,
    PlanCell,
    PlanVersion,
    PostTask,
    Slot,
)
from communities.services.cadence.materialising import materialise
from communities.services.cadence.running import SlotRun, run_slot
from stores.models import Store
from tests.factories import CustomerGroupFactory, ManagerFactory, StoreFactory
from tests.wecom.sandbox.company import Company
from wecom.gateway import WeCom

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 10)  # a Tuesday


def moment(hour: int, minute: int = 0, *, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


EVENING = moment(19, day=date(2026, 11, 9))


def material(text: str = "阳光玫瑰到店", **version) -> Material:
    row = Material.objects.create(name="素材", theme="taste", created_at=EVENING)
    row.current = MaterialVersion.objects.create(material=row, number=1, text=text, made_at=EVENING, **version)
    row.save()
    return row


def published(*, number: int = 1) -> PlanVersion:
    last = PlanVersion.objects.order_by("-number").first()
    return PlanVersion.objects.create(
        number=last.number + 1 if last else number, made_at=EVENING, published_at=EVENING, valid_from=DAY
    )


def cell(plan: PlanVersion, slot: int, what: Material | None = None, **fields) -> PlanCell:
    row = PlanCell.objects.create(version=plan, slot_id=slot, theme="taste", **{"day": DAY} | fields)
    CellMaterial.objects.create(cell=row, material=what or material(), position=0)
    return row


def store_of(userid: str, *chats: str, **store):
    """A store whose manager owns its groups. Without chats, one group."""
    place = StoreFactory(**store)
    ManagerFactory(store=place, wecom_userid=userid)
    for chat in chats or (f"chat-{userid}",):
        CustomerGroupFactory(store=place, chat_id=chat, owner_userid=userid)
    return place


@dataclass
class Chain:
    """The platform and the sandbox company it posts to, on one clock."""

    company: Company
    gateway: WeCom
    stores: list[Store] = field(default_factory=list)
    groups: dict[str, list[CustomerGroup]] = field(default_factory=dict)

    @classmethod
    def beside(cls, company: Company, gateway: WeCom) -> "Chain":
        chain = cls(company, gateway)
        for userid in ("manager0001", "manager0002"):
            store = StoreFactory()
            ManagerFactory(store=store, wecom_userid=userid)
            chain.stores.append(store)
            chain.groups[userid] = [
                CustomerGroupFactory(store=store, chat_id=chat, owner_userid=userid) for chat in company.groups(userid)
            ]
        return chain

    def at(self, hour: int, minute: int = 0, *, day: date = DAY) -> datetime:
        """Move WeCom's clock to a moment, and return it."""
        at = moment(hour, minute, day=day)
        self.company.control("clock", freeze=at.timestamp())
        return at

    def plan(self, slot: int = 1, **fields) -> None:
        cell(published(), slot, **fields)
        materialise(day=DAY, at=EVENING)

    def run(self, hour: int, minute: int = 0, *, slot: int = 1, day: date = DAY) -> SlotRun:
        at = self.at(hour, minute, day=day)
        return run_slot(day=DAY, slot=Slot.objects.get(number=slot), at=at, gateway=self.gateway)

    def tap(self, userid: str = "manager0001", *, turn: int = 0) -> dict[str, int]:
        mine = [row for row in self.company.rows("send_task") if row["userid"] == userid]
        return self.company.do("tap", msgid=mine[turn]["msgid"], userid=userid)

    def states(self, userid: str = "manager0001") -> list[tuple[str, str, int]]:
        """The state, channel and evidence of an owner's posts, group by group."""
        posts = PostTask.objects.filter(owner_userid=userid).order_by("slot", "group")
        return list(posts.values_list("state", "channel", "evidence"))

    def cards(self) -> list[tuple[str, str]]:
        """Who got which card's title, at WeCom."""
        return [
            (row["userid"], json.loads(row["content"])["template_card"]["main_title"]["title"])
            for row in self.company.rows("message")
        ]
