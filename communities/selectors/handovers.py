"""Who left with customers and groups, who can take over, and how far each hand-over is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from communities.models import CustomerGroup, HandoverItem, HandoverJob, UnassignedCustomer
from communities.services.unassigned import KIND
from members.models import Contact
from stores.models import Staff
from stores.selectors import stores_for
from wecom.models import SyncRun

OFFERED = 20
_ROLES = {Staff.Role.HQ, Staff.Role.REGION_LEAD}
State = HandoverItem.State


def may_hand_over(user: Staff) -> bool:
    """Hand-overs are the business of HQ, and of region leads for their stores."""
    return user.role in _ROLES


def handovers_for(user: Staff) -> QuerySet[HandoverJob]:
    """The hand-overs this person may see, newest first."""
    jobs = HandoverJob.objects.select_related("giver", "taker__store", "store", "started_by").order_by("-started_at")
    return jobs if user.is_hq else jobs.filter(store__in=stores_for(user))


@dataclass(frozen=True, slots=True)
class Progress:
    """How many items of a hand-over are in each state."""

    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        return sum(self.counts.get(state, 0) for state in HandoverItem.OUTCOMES)

    @property
    def done(self) -> int:
        return self.counts.get(State.DONE, 0)

    @property
    def refused(self) -> int:
        return self.counts.get(State.REFUSED, 0)

    @property
    def failed(self) -> int:
        return sum(self.counts.get(state, 0) for state in (State.FULL, State.FAILED, State.DROPPED))

    @property
    def accepted(self) -> int:
        return self.counts.get(State.ACCEPTED, 0)

    @property
    def unasked(self) -> int:
        return self.counts.get(State.WAITING, 0)

    @property
    def left_over(self) -> int:
        return self.refused + self.failed


def progress_of(jobs: Iterable[HandoverJob]) -> dict[int, Progress]:
    """The progress of each of these, in one query."""
    found: dict[int, dict[str, int]] = {job.pk: {} for job in jobs}
    counted = HandoverItem.objects.filter(job__in=list(found)).values_list("job_id", "state").annotate(n=Count("pk"))
    for job, state, count in counted.order_by():
        found[job][state] = count
    return {job: Progress(counts) for job, counts in found.items()}


def item_rows(job: HandoverJob, *, state: str = "") -> QuerySet[HandoverItem]:
    """What a hand-over moves, in one state or all: what went wrong first."""
    rows = HandoverItem.objects.filter(job=job).select_related("member", "group")
    if state in State.values:
        rows = rows.filter(state=state)
    is_wrong = Q(state__in=[State.FAILED, State.FULL, State.REFUSED, State.DROPPED])
    return rows.annotate(is_wrong=is_wrong).order_by("-is_wrong", "kind", "state", "pk")


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who left with customers or groups. `staff` is None for one we never knew."""

    userid: str
    staff: Staff | None
    customers: int
    groups: int
    moving: int  # of them in a hand-over now
    left_at: datetime | None

    @property
    def name(self) -> str:
        return self.staff.name if self.staff else self.userid

    @property
    def is_moving(self) -> bool:
        """Whether nothing is left to hand over."""
        return self.moving >= self.customers + self.groups


def read_at() -> datetime | None:
    """When WeCom last told who left with customers."""
    finished = SyncRun.objects.filter(kind=KIND, finished_at__isnull=False)
    return finished.order_by("-started_at").values_list("started_at", flat=True).first()


def leavers_for(user: Staff, *, told_at: datetime | None) -> list[Leaver]:
    """Who left with something to hand over, as far as this person may see, the most customers first.

    Customers are WeCom's count where it was asked since, else those of our contacts.
    """
    unassigned = dict(UnassignedCustomer.objects.values_list("userid").annotate(n=Count("pk")).order_by())
    owned = CustomerGroup.objects.live().exclude(owner_userid="")
    groups = dict(
        owned.filter(Q(owner=None) | Q(owner__is_active=False))
        .order_by().values_list("owner_userid").annotate(n=Count("pk"))
    )  # fmt: skip
    people = _gone(user, {*unassigned, *groups})
    open_items = HandoverItem.objects.filter(state__in=HandoverItem.OPEN)
    moving = dict(open_items.order_by().values_list("giver_userid").annotate(n=Count("pk")))
    found = []
    for userid, staff in people.items():
        told = told_at is not None and (staff is None or staff.wecom_left_at is None or told_at >= staff.wecom_left_at)
        customers = unassigned.get(userid, 0) if told or staff is None else staff.contact_count  # type: ignore[attr-defined]  # annotated by _gone
        found.append(
            Leaver(
                userid=userid, staff=staff, customers=customers, groups=groups.get(userid, 0),
                moving=moving.get(userid, 0), left_at=staff.wecom_left_at if staff else None,
            )
        )  # fmt: skip
    left = [one for one in found if one.customers or one.groups]
    return sorted(left, key=lambda one: (-one.customers, -one.groups, one.userid))


def _gone(user: Staff, userids: set[str]) -> dict[str, "Staff | None"]:
    """Who left, by userid; of those nobody here knows, only HQ hears."""
    has_contacts = Exists(Contact.objects.filter(staff=OuterRef("pk"), ended_at=None))
    gone = Staff.objects.filter(is_active=False).exclude(wecom_userid="").select_related("store")
    mine = gone.filter(has_contacts | Q(wecom_userid__in=userids))
    if not user.is_hq:
        mine = mine.filter(store__in=stores_for(user))
    found: dict[str, Staff | None] = {one.wecom_userid: one for one in _with_contacts(mine)}
    if user.is_hq:
        known = set(Staff.objects.filter(wecom_userid__in=userids).values_list("wecom_userid", flat=True))
        found |= dict.fromkeys(userids - known)
    return found


def _with_contacts(people: QuerySet[Staff]) -> QuerySet[Staff]:
    counted = Contact.objects.filter(staff=OuterRef("pk"), ended_at=None).order_by().values("staff")
    return people.annotate(contact_count=Coalesce(Subquery(counted.annotate(n=Count("pk")).values("n")), 0))


def colleagues_for(user: Staff) -> QuerySet[Staff]:
    """Shop staff this person may choose: at work, known to WeCom, with how many customers each has."""
    people = Staff.objects.filter(is_active=True, store__in=stores_for(user)).exclude(wecom_userid="")
    return _with_contacts(people.select_related("store"))


def colleagues_matching(people: QuerySet[Staff], *, text: str) -> QuerySet[Staff]:
    wanted = text.strip()
    return people.filter(
        Q(name__icontains=wanted) | Q(wecom_userid__icontains=wanted) | Q(store__name__icontains=wanted)
        | Q(store__code__iexact=wanted)
    ).order_by("store__code", F("role").desc(), "pk")  # fmt: skip


def takers_for(user: Staff, *, giver_userid: str, giver: Staff | None, text: str = "") -> list[Staff]:
    """Who may take over: colleagues of the giver's store, or those who match; managers first."""
    people = colleagues_for(user).exclude(wecom_userid=giver_userid)
    if text.strip():
        return list(colleagues_matching(people, text=text)[:OFFERED])
    if giver is None or giver.store_id is None:
        return []
    return list(people.filter(store_id=giver.store_id).order_by(F("role").desc(), "pk")[:OFFERED])


def giver_for(user: Staff, userid: str) -> tuple[Staff | None, bool]:
    """Somebody to be handed over, and whether this person may: a stranger at WeCom is HQ's."""
    staff = Staff.objects.select_related("store").filter(wecom_userid=userid).first() if userid else None
    if staff is None:
        return None, user.is_hq and bool(userid)
    if user.is_hq:
        return staff, True
    return staff, staff.store_id is not None and stores_for(user).filter(pk=staff.store_id).exists()
