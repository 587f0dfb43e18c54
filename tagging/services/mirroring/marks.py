"""Tags on contacts at WeCom: what people did there is taken in, then what differs is written.

Per contact (member × colleague) three things are compared: what both sides last agreed on (`ContactMarks`), what WeCom
shows (`Contact.tags`, by callbacks and nightly readings), and what the member wears here. What WeCom shows differently
from the agreement somebody did by hand: it becomes the member's tag here, or ceases to be. Then what she wears
differently from the agreement is written. So a run that is killed goes on where it stopped: where all agree, no call.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from members.models import Contact, Member
from members.services.contact_writes import ContactGone, mark_tags
from stores.models import Store
from tagging.models import ContactMarks, MemberTag, MirroredTag, Tag
from tagging.services import tags as tagging
from wecom.client.errors import Throttled, WeComError, WeComRefused, WeComUnavailable, rule_for
from wecom.events import SETTLES
from wecom.gateway import WeCom

_PAGE = 500  # contacts looked at together
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=10), timedelta(days=1)
_MOST_TRIES = 30_000  # of a small integer
_FAULTS_IN_A_ROW = 5  # then WeCom is away, not one customer at fault
_NO_SUCH_TAG = frozenset({40058, 40068})


@dataclass(slots=True)
class Settled:
    """What a round did: contacts written, gone, and failed; where to go on, None at the end."""

    written: int = 0
    gone: int = 0
    failed: int = 0
    go_on_after: int | None = None
    missing_tags: bool = field(default=False, repr=False)

    def add(self, other: "Settled") -> None:
        self.written += other.written
        self.gone += other.gone
        self.failed += other.failed
        self.missing_tags = self.missing_tags or other.missing_tags


def settle_member(*, member_id: int, gateway: WeCom, clock: Callable[[], datetime] = timezone.now) -> Settled:
    """Bring a member's tags here and at WeCom together, one worker at a time, whoever asks.

    :raises Throttled: another worker has been at it for long, or WeCom's calls are used up
    """
    with gateway.transport.limiter.serialised(f"member-tags:{member_id}"):
        contacts = list(
            _kept_contacts().filter(member=member_id).select_related("staff__store", "member", "marks").order_by("pk")
        )
        if not contacts:
            return Settled()
        ours = _ours()
        bases = _bases(contacts, set(ours))
        _take_in(contacts, bases, ours, at=clock())
        worn = worn_marks([member_id], at=clock())[member_id]
        done = Settled()
        for contact in contacts:
            done.add(_settle_contact(contact, bases[contact.pk], worn, gateway=gateway, clock=clock))
    return done


def settle_store(
    *, store: Store, gateway: WeCom, calls: int, after: int = 0, clock: Callable[[], datetime] = timezone.now
) -> Settled:
    """Settle the members of a store's colleagues whose tags differ, up to a number of writes, contacts in order.

    :raises Throttled: WeCom's calls are used up; what is done is done
    :raises WeComUnavailable: WeCom failed several times in a row
    """
    total, faults = Settled(), 0
    while True:
        page = list(
            _kept_contacts().filter(staff__store=store, pk__gt=after).select_related("marks").order_by("pk")[:_PAGE]
        )
        for contact in due_contacts(page, at=clock()):
            if total.written + total.failed >= calls:
                total.go_on_after = after
                return total
            done = settle_member(member_id=contact.member_id, gateway=gateway, clock=clock)
            total.add(done)
            faults = faults + 1 if done.failed else 0
            if faults >= _FAULTS_IN_A_ROW:
                raise WeComUnavailable("企业微信连续几次没有写成标签，稍后再试")
            after = contact.pk
        if len(page) < _PAGE:
            return total
        after = page[-1].pk


def retry_failed(*, gateway: WeCom, limit: int, clock: Callable[[], datetime] = timezone.now) -> Settled:
    """Settle what failed and is due again."""
    total = Settled()
    due = ContactMarks.objects.filter(retry_at__lte=clock(), contact__ended_at=None, contact__lost_at=None).order_by(
        "retry_at"
    )
    members = dict.fromkeys(due.values_list("contact__member", flat=True)[:limit])
    for member_id in members:
        total.add(settle_member(member_id=member_id, gateway=gateway, clock=clock))
    return total


def due_contacts(contacts: Sequence[Contact], *, at: datetime) -> list[Contact]:
    """Those of these contacts on whom something differs; three queries, however many."""
    ours = set(_ours())
    worn = worn_marks({contact.member_id for contact in contacts}, at=at)
    due = []
    for contact in contacts:
        marks: ContactMarks | None = getattr(contact, "marks", None)
        agreed = set(marks.marks) & ours if marks else set()
        if marks is not None and marks.retry_at is not None and marks.retry_at > at:
            continue
        if agreed != worn[contact.member_id] or (_is_believed(contact, marks) and agreed != set(contact.tags) & ours):
            due.append(contact)
    return due


def worn_marks(members: Iterable[int], *, at: datetime) -> dict[int, set[str]]:
    """The WeCom ids of the tags these members should wear there."""
    wanted: dict[int, set[str]] = defaultdict(set)
    rows = (
        MemberTag.objects.filter(Q(expires_at=None) | Q(expires_at__gt=at), member__in=members)
        .filter(tag__archived_at=None, tag__mirrored__stopped_at=None)
        .exclude(tag__mirrored__wecom_id="")
        .values_list("member", "tag__mirrored__wecom_id")
    )
    for member, number in rows:
        if number:
            wanted[member].add(number)
    return wanted


def _kept_contacts() -> QuerySet[Contact]:
    return Contact.objects.filter(ended_at=None, lost_at=None, mirrored_at__isnull=False).exclude(
        Q(staff__wecom_userid=None) | Q(staff__wecom_userid="")
    )


def _ours() -> dict[str, int]:
    """Our tags by WeCom's ids."""
    rows = MirroredTag.objects.exclude(wecom_id="").filter(stopped_at=None, tag__archived_at=None)
    return dict(rows.values_list("wecom_id", "tag"))


def _is_believed(contact: Contact, marks: ContactMarks | None) -> bool:
    """Whether what WeCom shows was read after our last write had settled: before, it may be the state before it."""
    if marks is None or marks.written_at is None:
        return True
    return contact.mirrored_at is not None and contact.mirrored_at > marks.written_at + SETTLES


def _bases(contacts: Sequence[Contact], ours: set[str]) -> dict[int, set[str]]:
    """What both sides last agreed on, by contact; of one never met, what a colleague before had agreed for her.

    A customer who is handed over brings the marks of her last colleague along.
    """
    elsewhere: set[str] | None = None
    bases = {}
    for contact in contacts:
        marks: ContactMarks | None = getattr(contact, "marks", None)
        if marks is None:
            if elsewhere is None:
                hers = ContactMarks.objects.filter(contact__member=contact.member_id).values_list("marks", flat=True)
                elsewhere = {number for one in hers for number in one}
            bases[contact.pk] = elsewhere & set(contact.tags) & ours
        else:
            bases[contact.pk] = set(marks.marks) & ours
    return bases


def _take_in(
    contacts: Sequence[Contact], bases: dict[int, set[str]], ours: dict[str, int], *, at: datetime
) -> None:  # fmt: skip
    """What colleagues did in the client becomes true here; a later word of another colleague stands over an earlier."""
    for contact in contacts:
        if not _is_believed(contact, getattr(contact, "marks", None)):
            continue
        shown, agreed = set(contact.tags) & ours.keys(), bases[contact.pk]
        if shown == agreed:
            continue
        with transaction.atomic():
            for number in sorted(shown ^ agreed):
                tag = Tag.objects.get(pk=ours[number])
                _apply_word(contact, tag, is_worn=number in shown, at=at)
            ContactMarks.objects.update_or_create(contact=contact, defaults={"marks": sorted(shown)})
        bases[contact.pk] = shown


def _apply_word(contact: Contact, tag: Tag, *, is_worn: bool, at: datetime) -> None:
    member: Member = contact.member
    if is_worn:
        if not MemberTag.objects.filter(member=member, tag=tag).exists():
            tagging.put_on(member=member, tag=tag, source=MemberTag.Source.WECOM, by=contact.staff, at=at, tell=False)
    else:
        tagging.take_off(member=member, tag=tag, by=contact.staff, at=at, tell=False)


def _settle_contact(
    contact: Contact, agreed: set[str], worn: set[str], *, gateway: WeCom, clock: Callable[[], datetime]
) -> Settled:
    add, remove = sorted(worn - agreed), sorted(agreed - worn)
    if not add and not remove:
        _note(contact, agreed)
        return Settled()
    # Before the write too: killed behind it, what WeCom shows must not be taken for somebody's word.
    _keep(ContactMarks(contact=contact, marks=sorted(agreed), written_at=clock()), "written_at")
    try:
        mark_tags(contact=contact, add=add, remove=remove, by=None, at=clock(), gateway=gateway)
    except ContactGone:
        return Settled(gone=1)
    except Throttled:
        raise
    except WeComError as error:
        _note_failure(contact, error, at=clock())
        return Settled(failed=1, missing_tags=isinstance(error, WeComRefused) and error.code in _NO_SUCH_TAG)
    _note(contact, worn, written_at=clock())
    return Settled(written=1)


def _note(contact: Contact, marks: set[str], *, written_at: datetime | None = None) -> None:
    agreed, known = sorted(marks), getattr(contact, "marks", None)
    if written_at is not None:
        row = ContactMarks(contact=contact, marks=agreed, written_at=written_at)
        _keep(row, "marks", "written_at", "problem", "tries", "retry_at")
    elif known is not None and (known.marks != agreed or known.problem):
        _keep(ContactMarks(contact=contact, marks=agreed), "marks", "problem", "tries", "retry_at")


def _keep(row: ContactMarks, *changed: str) -> None:
    """One statement: a night writes hundreds of thousands of these."""
    ContactMarks.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["contact"], update_fields=list(changed)
    )  # fmt: skip


def _note_failure(contact: Contact, error: WeComError, *, at: datetime) -> None:
    row = ContactMarks.objects.get(contact=contact)
    row.tries = min(row.tries + 1, _MOST_TRIES)
    row.problem = _reason(error)
    row.retry_at = at + min(_FIRST_WAIT * 2 ** min(row.tries - 1, 10), _LONGEST_WAIT)
    row.save(update_fields=["tries", "problem", "retry_at"])


def _reason(error: WeComError) -> str:
    if isinstance(error, WeComRefused):
        return f"{rule_for(error.code).meaning}（{error.code}）"[:200]
    return str(error)[:200]
