"""Write down what became of items. Each step is conditional on the state before: an outcome never changes."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime

from django.db import transaction

from communities.models import CustomerGroup, HandoverItem, HandoverJob, UnassignedCustomer
from communities.services import group_sync
from members import identities
from members.models import Member
from members.services import wecom_sync
from members.services.contact_handover import hand_over_contacts
from wecom.client.errors import WeComError
from wecom.gateway import WeCom

State = HandoverItem.State


def end(items: Iterable[HandoverItem], *, state: str, at: datetime, errcode: int | None = None) -> int:
    """Give open items an outcome other than done. Returns how many were open."""
    still_open = HandoverItem.objects.filter(pk__in=[item.pk for item in items], state__in=HandoverItem.OPEN)
    return still_open.update(state=state, errcode=errcode, decided_at=at)


def move(
    items: Iterable[HandoverItem], *, before: str, after: str, errcode: int | None = None, other_way: bool | None = None
) -> int:
    """Bring items from one open state to another."""
    changes: dict[str, object] = {"state": after, "errcode": errcode}
    if other_way is not None:
        changes["other_way"] = other_way
    rows = HandoverItem.objects.filter(pk__in=[item.pk for item in items], state=before)
    return rows.update(**changes)


def customers_done(
    job: HandoverJob, taken: Mapping[int, datetime], items: Iterable[HandoverItem], *, gateway: WeCom,
    clock: Callable[[], datetime],
) -> None:  # fmt: skip
    """These customers are the taker's; contacts here follow at once. `taken` is since when, by item."""
    done = [item for item in items if item.pk in taken]
    at = clock()
    for item in done:
        if item.member_id is None:
            _introduce(job, item, gateway=gateway, clock=clock)
    with transaction.atomic():
        mine = HandoverItem.objects.filter(pk__in=[item.pk for item in done], state__in=HandoverItem.OPEN)
        mine.update(state=State.DONE, errcode=None, decided_at=at)
        members = {item.member_id: taken[item.pk] for item in done if item.member_id is not None}
        hand_over_contacts(members=members, giver=job.giver, taker=job.taker, at=at)
        UnassignedCustomer.objects.filter(userid=job.giver_userid, who__in=[item.who for item in done]).delete()


def _introduce(job: HandoverJob, item: HandoverItem, *, gateway: WeCom, clock: Callable[[], datetime]) -> None:
    """A customer whom no event and no reading ever named becomes a member."""
    assert item.value_encrypted is not None  # noqa: S101 -- the database says so of customers
    external = identities.decrypt(item.value_encrypted)
    with suppress(WeComError):  # the nightly reading brings her
        applied = wecom_sync.read_customer(
            wecom=gateway, external_userid=external, userid=job.giver_userid, clock=clock
        )
        item.member_id = applied.members.get(external)
        HandoverItem.objects.filter(pk=item.pk).update(member_id=item.member_id)


def groups_done(
    job: HandoverJob, items: Iterable[HandoverItem], *, gateway: WeCom, clock: Callable[[], datetime]
) -> None:
    """These groups are the taker's; their rows follow at once, and are read again for who is in them."""
    done, taker = list(items), job.taker
    with transaction.atomic():
        HandoverItem.objects.filter(pk__in=[item.pk for item in done], state__in=HandoverItem.OPEN).update(
            state=State.DONE, errcode=None, decided_at=clock()
        )
        rows = CustomerGroup.objects.filter(pk__in=[item.group_id for item in done])
        rows.update(owner=taker, owner_userid=taker.wecom_userid, handover=CustomerGroup.Handover.DONE)
        if taker.store_id is not None:
            rows.update(store_id=taker.store_id)
    for chat_id in rows.values_list("chat_id", flat=True):
        with suppress(WeComError):  # the nightly reading sees it too
            group_sync.read_group(wecom=gateway, chat_id=chat_id, clock=clock)


def move_items(*, kept: Member, absorbed: Member) -> int:
    """Two members became one: her hand-overs are the survivor's."""
    return HandoverItem.objects.filter(member=absorbed).update(member=kept)
