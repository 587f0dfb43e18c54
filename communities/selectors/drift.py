"""What a full reading found different from WeCom, in words: the kinds of it, and each thing by its name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Model, QuerySet

from communities.models import CustomerGroup, GroupMembership
from members.models import Contact, CustomerTag
from stores.models import Department, Staff
from wecom.models import Drift

KIND_LABELS = {"staff": "员工与部门", "tags": "企业标签", "contacts": "客户联系", "groups": "客户群"}

_DRIFT_LABELS = {
    "staff_new": "漏收的新员工", "staff_changed": "员工资料有变",
    "staff_left": "漏收的离职", "staff_returned": "漏收的复职",
    "department_new": "漏收的新部门", "department_changed": "部门有变", "department_gone": "漏收的部门删除",
    "tag_new": "漏收的新标签", "tag_changed": "标签有变", "tag_gone": "漏收的标签删除",
    "contact_missing": "漏收的新客户", "contact_revived": "漏收的重新添加", "contact_changed": "客户资料有变",
    "contact_gone": "漏收的客户流失",
    "group_missing": "漏收的新群", "group_changed": "群资料有变", "group_gone": "漏收的解散",
    "group_out_of_sight": "群主不在可见范围", "join_missing": "漏收的入群", "quit_missing": "漏收的退群",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that differed. `member_id` and `group_id` say whose page tells more."""

    text: str
    member_id: int | None = None


def label_of(kind: str) -> str:
    """What a kind of drift is called on screens."""
    return _DRIFT_LABELS.get(kind, kind)


def named(drifts: Iterable[Drift], *, limit: int | None = None) -> dict[int, list[Named]]:
    """What differed, by the drift's key; at most `limit` of each. One query per table, however many drifts."""
    wanted = [(drift, drift.rows[:limit]) for drift in drifts]
    found: dict[int, list[Named]] = {}
    for prefixes, (rows, name) in _TABLES.items():
        mine = [(drift, keys) for drift, keys in wanted if drift.kind.startswith(prefixes) and keys]
        if not mine:
            continue
        known: Mapping[int | str, Model] = rows().in_bulk({key for _, keys in mine for key in keys})
        for drift, keys in mine:
            found[drift.pk] = [name(known[key]) for key in keys if key in known]
    return found


def _staff(one: Staff) -> Named:
    return Named(f"{one.name}（{one.store.name}）" if one.store else one.name)


def _contact(one: Contact) -> Named:
    return Named(f"{one.member}（{one.staff.name}）", member_id=one.member_id)


def _stay(one: GroupMembership) -> Named:
    if one.is_staff:
        who = one.staff.name if one.staff else "同事"
    else:
        who = str(one.member) if one.member else f"未加好友的群友 {bytes(one.who).hex()[:6]}"
    return Named(f"{who} · {one.group}", member_id=one.member_id)


def _any(one: Model) -> Named:
    return Named(str(one))


_Rows = Callable[[], QuerySet[Model]]
_TABLES: dict[tuple[str, ...], tuple[_Rows, Callable[..., Named]]] = {
    ("staff_",): (lambda: Staff.objects.select_related("store"), _staff),
    ("department_",): (Department.objects.all, _any),
    ("tag_",): (CustomerTag.objects.all, _any),
    ("contact_",): (lambda: Contact.objects.select_related("member", "staff"), _contact),
    ("group_",): (CustomerGroup.objects.all, _any),
    ("join_", "quit_"): (lambda: GroupMembership.objects.select_related("group", "member", "staff"), _stay),
}
