"""Hand posts over from group-send to the owner's hands, with the reason the board shows."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from communities.models import Broadcast, PostTask, SlotCard
from communities.services.cadence import ledger

_REASON, _ERROR = 100, 200
State = PostTask.State


def leave_out(send: Broadcast, *, chat_ids: Collection[str], reason: str, at: datetime) -> int:
    """WeCom made the task without these groups: theirs are sent by hand, and their quota is free again."""
    if not chat_ids:
        return 0
    with transaction.atomic():
        posts = _carried(send).filter(group__chat_id__in=chat_ids)
        groups = list(posts.values_list("group_id", flat=True))
        ledger.free(broadcast=send, group_ids=groups, at=at)
        return to_hands(posts, reason=reason, at=at)


@transaction.atomic
def refuse(send: Broadcast, *, reason: str, at: datetime) -> None:
    """WeCom will not have this task at all."""
    pending = Broadcast.objects.filter(pk=send.pk, state=Broadcast.State.PENDING)
    if pending.update(state=Broadcast.State.REFUSED, error=reason[:_ERROR], attempted_at=None, leased_until=None):
        ledger.free(broadcast=send, at=at)
        to_hands(_carried(send), reason=f"企微未接受群发：{reason}，改为协助发送", at=at)


def to_hands(posts: QuerySet[PostTask], *, reason: str, at: datetime) -> int:
    """Switch released posts to assisted and have their owners told. Returns how many."""
    owners = list(posts.values_list("day", "slot_id", "owner_userid").distinct())
    switched = posts.filter(state=State.RELEASED).update(
        channel=PostTask.Channel.ASSISTED, channel_reason=reason[:_REASON], broadcast=None
    )
    SlotCard.objects.bulk_create(
        [
            SlotCard(day=day, slot_id=slot, userid=owner, kind=SlotCard.Kind.SWITCHED, asked_at=at)
            for day, slot, owner in owners
            if owner
        ],
        ignore_conflicts=True,
    )
    return switched


def _carried(send: Broadcast) -> QuerySet[PostTask]:
    return PostTask.objects.filter(broadcast=send, state=State.RELEASED).order_by()
