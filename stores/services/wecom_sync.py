"""The full reading of departments and staff: 1 call, 2 per department, 1 per person who was not met.

With the 通讯录同步 secret also 1 per 10,000 members: whoever is on that list works here and need not be asked for.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from stores.models import Staff
from stores.services import wecom_staff
from stores.services.wecom_staff import Change, Places
from wecom.client.errors import WeComRefused
from wecom.gateway import WeCom
from wecom.models import SyncRun
from wecom.services import syncing

KIND = "staff"
UNKNOWN_USER = frozenset({40003, 46004, 60111})
UNKNOWN_DEPARTMENT = frozenset({60123})
OUT_OF_RANGE = frozenset({60011})  # exists, and is not the app's to see: nothing is known of it


def sync_staff(*, wecom: WeCom, clock: Callable[[], datetime]) -> SyncRun:
    """Read everybody WeCom shows the app, and repair what differs. Killed, it goes on at the same department.

    :raises SyncBusy: another worker is at it
    """
    with syncing.running(kind=KIND, clock=clock) as run:
        if not run.plan:
            _plan(run, wecom, at=clock())
        places = Places()
        for number in run.plan["departments"][run.position.get("done", 0) :]:
            _read_department(run, wecom, number, places, at=clock())
        _look_for_the_missing(run, wecom, clock=clock)
    return run


def _plan(run: SyncRun, wecom: WeCom, *, at: datetime) -> None:
    nodes = wecom.contacts.departments()
    run.calls += 1
    parents = {node["id"]: node["parentid"] for node in nodes}
    with transaction.atomic():
        change = wecom_staff.apply_tree(parents=parents, at=at)
        for kind, numbers in (
            ("department_new", change.new), ("department_changed", change.moved), ("department_gone", change.gone),
        ):  # fmt: skip
            syncing.note_drift(run, kind=kind, rows=numbers)
        syncing.advance(run, position={"done": 0}, plan={"departments": sorted(parents)}, at=at)


def _read_department(run: SyncRun, wecom: WeCom, number: int, places: Places, *, at: datetime) -> None:
    done = {"done": run.position["done"] + 1}
    try:
        department = wecom.contacts.department(department_id=number)
        users = wecom.contacts.users_of(department_id=number)
    except WeComRefused as refused:
        if refused.code in UNKNOWN_DEPARTMENT:
            wecom_staff.remove_department(number=number, at=at)
        elif refused.code not in OUT_OF_RANGE:
            raise
        syncing.advance(run, position=done, at=at)
        return
    run.calls += 2
    with transaction.atomic():
        if wecom_staff.apply_department(department=department, people=len(users)):
            syncing.note_drift(run, kind="department_changed", rows=[number])
        places.look_again(number)
        changes = [(user["userid"], wecom_staff.apply_user(user=user, at=at, places=places)) for user in users]
        wecom_staff.mark_seen(userids=[userid for userid, _ in changes], at=at)
        for change in set(Change) - {Change.SAME}:
            userids = [userid.lower() for userid, found in changes if found is change]
            people = Staff.objects.filter(wecom_userid__in=userids) if userids else Staff.objects.none()
            syncing.note_drift(run, kind=change.value, rows=people.order_by("pk").values_list("pk", flat=True))
        syncing.advance(run, position=done, at=at)


def _look_for_the_missing(run: SyncRun, wecom: WeCom, *, clock: Callable[[], datetime]) -> None:
    """Whoever no department listed is asked for by name: only WeCom's own word ends an employment."""
    unseen = Q(wecom_seen_at=None) | Q(wecom_seen_at__lt=run.started_at)
    missing = list(Staff.objects.filter(unseen, is_active=True).exclude(wecom_userid="").order_by("pk"))
    listed = _everybody(run, wecom) if missing and wecom.contacts.sees_everybody else frozenset()
    wecom_staff.mark_seen(userids=[one.wecom_userid for one in missing if one.wecom_userid in listed], at=clock())
    for staff in (one for one in missing if one.wecom_userid not in listed):
        change = read_user(wecom=wecom, userid=staff.wecom_userid, at=clock())
        run.calls += 1
        if change is not Change.SAME:
            syncing.note_drift(run, kind=change.value, rows=[staff.pk])
        wecom_staff.mark_seen(userids=[staff.wecom_userid], at=clock())


def _everybody(run: SyncRun, wecom: WeCom) -> frozenset[str]:
    found: set[str] = set()
    for page in wecom.contacts.user_id_pages():
        run.calls += 1
        found |= {row["userid"].lower() for row in page.items}
    return frozenset(found)


def read_user(*, wecom: WeCom, userid: str, at: datetime) -> Change:
    """Ask WeCom about one person and apply the answer."""
    try:
        user = wecom.contacts.user(userid=userid)
    except WeComRefused as refused:
        if refused.code in UNKNOWN_USER:
            return wecom_staff.remove_user(userid=userid, at=at)
        if refused.code in OUT_OF_RANGE:
            return Change.SAME
        raise
    return wecom_staff.apply_user(user=user, at=at)


def read_department(*, wecom: WeCom, number: int, at: datetime) -> None:
    """Ask WeCom about one department and apply the answer."""
    try:
        department = wecom.contacts.department(department_id=number)
    except WeComRefused as refused:
        if refused.code not in UNKNOWN_DEPARTMENT:
            raise
        wecom_staff.remove_department(number=number, at=at)
    else:
        wecom_staff.apply_department(department=department)
