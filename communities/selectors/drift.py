"""The words for what a full reading found."""

KIND_LABELS = {"staff": "员工与部门", "contacts": "客户联系", "groups": "客户群"}

_DRIFT_LABELS = {
    "staff_new": "漏收的新员工", "staff_changed": "员工资料有变",
    "staff_left": "漏收的离职", "staff_returned": "漏收的复职",
    "contact_missing": "漏收的新客户", "contact_revived": "漏收的重新添加", "contact_changed": "客户资料有变",
    "contact_gone": "漏收的客户流失",
    "group_missing": "漏收的新群", "group_changed": "群资料有变", "group_gone": "漏收的解散",
    "group_out_of_sight": "群主不在可见范围", "join_missing": "漏收的入群", "quit_missing": "漏收的退群",
}  # fmt: skip


def label_of(kind: str) -> str:
    """What a kind of drift is called on screens."""
    return _DRIFT_LABELS.get(kind, kind)
