"""催办: somebody above the store asks for posts that are late, at most once a quarter of an hour for each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from communities.models import PostTask, PostUrge, SlotCard
from communities.services.cadence.recipients import managers_of
from communities.services.cadence.reminding import ask_cards
from stores.models import Staff
from stores.services.auditing import audit

PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Urged:
    """What an urge came to: `owners` get one card each; the posts in `too_soon` were asked for just before."""

    tasks: int
    owners: int
    too_soon: int


@transaction.atomic
def urge(*, tasks: Iterable[PostTask], by: Staff, at: datetime) -> Urged:
    """Ask the owners for those of these posts that are out, due and not sent, one card for all of an owner's."""
    # Two people may press at once: the rows' locks make the second see what the first wrote.
    late = list(
        PostTask.objects.select_for_update(of=("self",))
        .filter(pk__in=[task.pk for task in tasks], state=PostTask.State.RELEASED, due_at__lte=at)
        .order_by("pk")
    )
    urged = dict(PostUrge.objects.filter(task__in=late, at__gt=at - PAUSE).values_list("task").annotate(last=Max("at")))
    now = [task for task in late if task.pk not in urged]
    PostUrge.objects.bulk_create(PostUrge(task=task, by=by, at=at) for task in now)
    owners = _ask(now, by=by, at=at)
    if now:
        audit(actor=by, action="posts.urged", at=at, detail={"posts": [task.pk for task in now], "count": len(now)})
    return Urged(tasks=len(now), owners=owners, too_soon=len(late) - len(now))


def _ask(tasks: Sequence[PostTask], *, by: Staff, at: datetime) -> int:
    """Write down one card per person and slot; how many people that is.

    A group without an owner is the business of its store's manager.
    """
    managers = managers_of({task.store_id for task in tasks if not task.owner_userid})
    places = {(t.day, t.slot_id, t.owner_userid or managers.get(t.store_id, "")) for t in tasks}
    ask_cards(places, kind=SlotCard.Kind.URGE, at=at, by=by)
    return len({userid for _, _, userid in places if userid})
