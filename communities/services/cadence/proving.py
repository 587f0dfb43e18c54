"""What a store says of its posts: sent, by the client's word or its own; skipped, and why; or neither after all.

Each is a conditional update, so that a second tap, a second phone and the sweeper that closes a slot cannot undo one
another. Whose post it is has been settled before: a view takes the task through `stores_for`.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from communities.models import Broadcast, PostContent, PostEvidence, PostTask
from communities.services.cadence import polling
from communities.services.content.rendering import wordings
from communities.services.feedback.shortening import Frozen, freeze, give_own_links
from stores.models import Staff
from stores.services.auditing import audit

_State, _Evidence = PostTask.State, PostTask.Evidence
SKIPPABLE = frozenset({_State.PLANNED, _State.BLOCKED, _State.RELEASED})
MADE_UP = frozenset({_State.MISSED, _State.FAILED})  # what may still be sent, until midnight
_NOTE = 100
_STOPPED = "群发已停止，改为协助发送"


class NotSendable(Exception):
    """The post is not out, or is over: skipped, withdrawn, blocked, or of an earlier day."""


class NothingToTakeBack(Exception):
    """There is no word of the store's own, or something stronger has been heard since."""


class SkipNeedsWords(ValueError):
    """The reason is 其他, and nothing is said."""


def sendable(tasks: QuerySet[PostTask], *, today: date) -> QuerySet[PostTask]:
    """The posts that may be sent now: those out, and those missed or failed earlier today (补发)."""
    return tasks.filter(Q(state=_State.RELEASED) | Q(state__in=MADE_UP, day=today))


def declare_sent(*, task: PostTask, staff: Staff, at: datetime) -> None:
    """The store says it posted this by hand. A repeated call, or one after a better proof, changes nothing.

    :raises NotSendable:
    """
    _prove(task=task, staff=staff, level=_Evidence.SELF_DECLARED, detail={}, at=at)


def confirm_client_send(*, task: PostTask, staff: Staff, detail: dict[str, Any], at: datetime) -> None:
    """The WeCom client reported that it took the message over; `detail` is which call it was.

    :raises NotSendable:
    """
    _prove(task=task, staff=staff, level=_Evidence.CLIENT_CALLBACK, detail=detail, at=at)


def skip(*, tasks: Iterable[PostTask], staff: Staff | None, reason: str, note: str, at: datetime) -> int:
    """Leave posts out, with one reason for all; how many were. What is sent or over meanwhile stays as it is.

    `staff` is None where no person but a rule of the house did it.

    A group-send of which every group is left out is stopped: at once while it is not made, else with the next reading.

    :raises SkipNeedsWords:
    :raises ValueError: not one of the reasons
    """
    reason, note = PostTask.SkipReason(reason), note.strip()[:_NOTE]
    if reason == PostTask.SkipReason.OTHER and not note:
        raise SkipNeedsWords
    ids = [task.pk for task in tasks]
    waiting = PostTask.objects.filter(pk__in=ids, state__in=SKIPPABLE)
    count = waiting.update(state=_State.SKIPPED, skip_reason=reason, skip_note=note, done_at=at, done_by=staff)
    skipped = PostTask.objects.filter(pk__in=ids, state=_State.SKIPPED)
    carriers = Broadcast.objects.filter(tasks__in=skipped).distinct()
    for send in carriers.filter(
        ~Exists(PostTask.objects.filter(broadcast=OuterRef("pk")).exclude(state=_State.SKIPPED))
    ):
        polling.stop_soon(send, at=at)
    return count


@transaction.atomic
def take_back(*, task: PostTask, staff: Staff, at: datetime) -> None:
    """Undo the store's own word on a post of today, 已发 or 跳过: it stands again where it stood before.

    :raises NothingToTakeBack:
    """
    row = PostTask.objects.select_for_update(of=("self",)).filter(pk=task.pk, day=timezone.localdate(at)).first()
    if row is None:
        raise NothingToTakeBack
    if row.state == _State.SENT and row.evidence == _Evidence.SELF_DECLARED:
        action = "posts.declaration_taken_back"
        row.state = _State.MISSED if row.miss_reason else _State.FAILED if row.failure else _State.RELEASED
        row.evidence = _Evidence.NONE
        PostEvidence.objects.filter(task=row, level=_Evidence.SELF_DECLARED).delete()
    elif row.state == _State.SKIPPED:
        action = "posts.skip_taken_back"
        if row.broadcast is not None and row.broadcast.state == Broadcast.State.CANCELLED:
            row.broadcast, row.channel, row.channel_reason = None, PostTask.Channel.ASSISTED, _STOPPED
        row.state = _State.RELEASED if row.released_at else _State.BLOCKED if is_blocked(row) else _State.PLANNED
        row.skip_reason = row.skip_note = ""
    else:
        raise NothingToTakeBack
    row.done_at = row.done_by = None
    row.save(update_fields=[
        "state", "evidence", "done_at", "done_by", "skip_reason", "skip_note", "broadcast", "channel", "channel_reason",
    ])  # fmt: skip
    audit(actor=staff, action=action, target=f"post:{row.pk}", store=row.store, at=at)


def ask_soon(*, tasks: Iterable[PostTask], at: datetime) -> int:
    """Have WeCom asked about these posts' group-sends with the next round; how many are brought forward."""
    carriers = {task.broadcast_id for task in tasks if task.state == _State.RELEASED and task.broadcast_id}
    waiting = Broadcast.objects.filter(pk__in=carriers, state=Broadcast.State.CREATED)
    return waiting.filter(Q(next_poll_at=None) | Q(next_poll_at__gt=at)).update(next_poll_at=at)


def is_blocked(task: PostTask) -> bool:
    """Whether a check forbids the post as it stands."""
    return any(finding["severity"] == "block" for finding in task.findings)


@transaction.atomic
def _prove(*, task: PostTask, staff: Staff, level: int, detail: dict[str, Any], at: datetime) -> None:
    done = {"state": _State.SENT, "evidence": level, "done_at": at, "done_by": staff}
    this = PostTask.objects.filter(pk=task.pk)
    open_now = sendable(this, today=timezone.localdate(at))
    moved = open_now.filter(content__isnull=False).update(**done)
    if not moved and (unreleased := open_now.filter(content=None).first()) is not None:
        # Missed before it was ever released: the store sends by hand what the board showed.
        late = {"content": frozen_content(unreleased), "channel": PostTask.Channel.ASSISTED, "channel_reason": "补发"}
        moved = open_now.filter(content=None).update(**done, **late, released_at=at)
    if not moved:
        raised = this.filter(state=_State.SENT, evidence__lt=level).update(evidence=level)
        if not raised and not this.filter(state=_State.SENT).exists():
            raise NotSendable
    PostEvidence.objects.get_or_create(task=task, level=level, defaults={"at": at, "by": staff, "detail": detail})


def frozen_content(task: PostTask) -> PostContent:
    """What the post says, once and for all: as it was released, or as the store would send it now."""
    if task.content is not None:
        return task.content
    key = (task.store_id, task.version_id)
    content_id = freeze(
        wordings([key], day=task.day, slot=task.slot), day=task.day, slot_number=task.slot_id
    )[key]  # fmt: skip
    give_own_links([Frozen(task.pk, content_id)])
    return PostContent.objects.get(pk=content_id)
