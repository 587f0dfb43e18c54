"""A chain with a published plan, for the tests of a day's slots."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from communities.models import CellMaterial, Material, MaterialVersion, PlanCell, PlanVersion
from tests.factories import CustomerGroupFactory, ManagerFactory, StoreFactory

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
