"""Staff and departments as WeCom has them: what one answer changes here, and the full reading of all.

WeCom says who works where; who is a 店长, who works at HQ and which store a department stands for is ours to say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.db import transaction
from django.db.models import Q

from stores.models import Department, Staff, Store
from stores.services.auditing import audit
from stores.services.staff import end_employment
from wecom.client.contacts import Department as WeComDepartment
from wecom.client.contacts import User

DISABLED, LEFT = 2, 5
_SHOP = (Staff.Role.MANAGER, Staff.Role.GUIDE)


class Change(Enum):
    """What an answer of WeCom changed; the value is its name in the drift report."""

    SAME = "staff_same"
    NEW = "staff_new"
    CHANGED = "staff_changed"
    LEFT = "staff_left"
    RETURNED = "staff_returned"


class Places:
    """Which store each department works for: its own, or that of the nearest department above."""

    def __init__(self) -> None:
        rows = Department.objects.filter(deleted_at=None).values_list("pk", "parent_number", "store_id")
        self._rows = {number: (parent, store) for number, parent, store in rows}

    def look_again(self, number: int) -> None:
        """Take over what has become of one department."""
        row = Department.objects.filter(pk=number, deleted_at=None).values_list("parent_number", "store_id").first()
        if row is None:
            self._rows.pop(number, None)
        else:
            self._rows[number] = row

    def store_of(self, departments: Iterable[int]) -> int | None:
        """The store of the first department that leads to one."""
        for number in departments:
            seen: set[int] = set()
            while number in self._rows and number not in seen:
                seen.add(number)
                parent, store = self._rows[number]
                if store is not None:
                    return store
                number = parent  # noqa: PLW2901 -- climbing is the point
        return None


@transaction.atomic
def apply_user(*, user: User, at: datetime, places: Places | None = None) -> Change:
    """Make our row of a person say what WeCom says.

    Whoever left or was disabled loses access at once. Somebody new in a department of a store becomes its 导购, with
    no password; people elsewhere are HQ's to enter. A manager's place and everybody's role stay as we set them.
    """
    userid = user["userid"].lower()
    staff = Staff.objects.select_for_update().filter(wecom_userid=userid).first()
    if user.get("status", 1) in {DISABLED, LEFT}:
        return _left(staff, at=at)
    store = (places or Places()).store_of(_departments(user))
    staff = staff or _same_account(userid, store=store)
    if staff is None:
        return _hire(user, userid=userid, store=store, at=at)
    return _update(staff, userid=userid, name=user.get("name", ""), store=store, at=at)


def remove_user(*, userid: str, at: datetime) -> Change:
    """WeCom no longer knows this person: all access ends at once."""
    with transaction.atomic():
        staff = Staff.objects.select_for_update().filter(wecom_userid=userid.lower()).first()
        return _left(staff, at=at)


def rename_user(*, old: str, new: str) -> bool:
    """A system-made userid may be changed once; the person stays the same. False where nothing was to do."""
    taken = Staff.objects.filter(wecom_userid=new.lower())
    with transaction.atomic():
        if taken.exists():
            return False
        return bool(Staff.objects.filter(wecom_userid=old.lower()).update(wecom_userid=new.lower()))


def _departments(user: User) -> list[int]:
    main = user.get("main_department")
    others = [number for number in user.get("department", []) if number != main]
    return others if main is None else [main, *others]


def _left(staff: Staff | None, *, at: datetime) -> Change:
    if staff is None or not staff.is_active:
        return Change.SAME
    end_employment(staff=staff, actor=None, at=at)
    Staff.objects.filter(pk=staff.pk).update(wecom_left_at=at)
    return Change.LEFT


def _same_account(userid: str, *, store: int | None) -> Staff | None:
    """The account a store made for this person before WeCom was connected.

    Only shop staff of that very store: or whoever may choose the userid `admin` would be HQ's administrator.
    """
    if store is None:
        return None
    mine = Q(username__iexact=userid, store=store, role__in=_SHOP, wecom_userid="", is_active=True)
    return Staff.objects.select_for_update().filter(mine).first()


def _hire(user: User, *, userid: str, store: int | None, at: datetime) -> Change:
    if store is None:
        return Change.SAME
    free = not Staff.objects.filter(username__iexact=userid).exists()
    staff = Staff(
        username=userid if free else f"{userid[:50]}@wecom", name=(user.get("name") or userid)[:32],
        role=Staff.Role.GUIDE, store_id=store, joined_at=at, wecom_userid=userid, wecom_seen_at=at,
    )  # fmt: skip
    staff.set_unusable_password()
    staff.save()
    audit(actor=None, action="staff.joined", target=f"staff:{staff.pk}", store=staff.store, at=at)
    return Change.NEW


def _update(staff: Staff, *, userid: str, name: str, store: int | None, at: datetime) -> Change:
    change = Change.SAME
    if not staff.is_active and staff.wecom_left_at is not None:
        staff.is_active, staff.wecom_left_at, change = True, None, Change.RETURNED
        audit(actor=None, action="staff.returned", target=f"staff:{staff.pk}", store=staff.store, at=at)
    wanted = {"wecom_userid": userid, "name": name[:32] or staff.name}
    if staff.role == Staff.Role.GUIDE and store is not None:
        wanted["store_id"] = store  # type: ignore[assignment]
    for field, value in wanted.items():
        if getattr(staff, field) != value:
            setattr(staff, field, value)
            change = Change.CHANGED if change is Change.SAME else change
    if change is not Change.SAME:
        staff.save(update_fields=["wecom_userid", "name", "store", "is_active", "wecom_left_at"])
    return change


@dataclass(frozen=True, slots=True)
class TreeChange:
    """The numbers of departments that appeared (or came back), have another parent, and are gone."""

    new: list[int]
    moved: list[int]
    gone: list[int]


@transaction.atomic
def apply_tree(*, parents: Mapping[int, int], at: datetime) -> TreeChange:
    """Make the tree of departments what WeCom says: number → parent of all of them."""
    known = dict(Department.objects.filter(deleted_at=None).values_list("pk", "parent_number"))
    change = TreeChange(
        new=sorted(parents.keys() - known.keys()), gone=sorted(known.keys() - parents.keys()),
        moved=sorted(number for number in parents.keys() & known.keys() if parents[number] != known[number]),
    )  # fmt: skip
    Department.objects.bulk_create(
        [Department(id=number, parent_number=parents[number]) for number in sorted([*change.new, *change.moved])],
        update_conflicts=True, unique_fields=["id"], update_fields=["parent_number", "deleted_at"], batch_size=1_000,
    )  # fmt: skip
    Department.objects.filter(pk__in=change.gone).update(deleted_at=at)
    return change


@transaction.atomic
def apply_department(*, department: WeComDepartment, people: int | None = None) -> bool:
    """Make one department what WeCom says; `people` is how many are directly in it, where that is known.

    Returns whether one that had a name got another.

    One that is new and bears the very name or code of a single store without a department stands for that store;
    HQ may change this any time.
    """
    name = department.get("name", "").strip()[:64]
    before = Department.objects.filter(pk=department["id"]).values_list("name", flat=True).first()
    row, _ = Department.objects.update_or_create(
        pk=department["id"],
        defaults={"parent_number": department["parentid"], "name": name, "deleted_at": None}
        | ({} if people is None else {"people": people}),
    )
    if row.store_id is None and name:
        stores = list(Store.objects.filter(Q(name=name) | Q(code=name), departments=None)[:2])
        if len(stores) == 1:
            row.store = stores[0]
            row.save(update_fields=["store"])
    return bool(before) and before != name


def remove_department(*, number: int, at: datetime) -> None:
    """WeCom no longer has it; its people are read by themselves."""
    Department.objects.filter(pk=number, deleted_at=None).update(deleted_at=at)


class StoreTaken(Exception):
    """Another department stands for this store already."""


@transaction.atomic
def map_department(*, department: Department, store: Store | None, actor: Staff, at: datetime) -> None:
    """Say which store a department stands for; None for none. Who moves its people is `stores.services.remapping`.

    :raises StoreTaken: that store has a department
    """
    if store is not None and Department.objects.filter(store=store).exclude(pk=department.pk).exists():
        raise StoreTaken
    Department.objects.filter(pk=department.pk).update(store=store)
    audit(
        actor=actor, action="department.mapped", target=f"department:{department.pk}", store=store, at=at,
        detail={"name": department.name},
    )  # fmt: skip


def mark_seen(*, userids: Sequence[str], at: datetime) -> None:
    """Note that a full reading met these people."""
    Staff.objects.filter(wecom_userid__in=[userid.lower() for userid in userids]).update(wecom_seen_at=at)
