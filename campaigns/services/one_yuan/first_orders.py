"""A person's one 1元购: claimed with the order, freed only when that order came to nothing before hand-over."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from campaigns.errors import NotEligible
from campaigns.models import FirstOrder, FirstOrderTrace, Order
from campaigns.selectors.one_yuan import ONCE
from campaigns.services.one_yuan.persons import Trace, traces_of
from members.models import Member


def claim_first(*, order: Order, traces: Sequence[Trace]) -> FirstOrder:
    """Use up the person's one time. :raises NotEligible: it is used, by this member or another id of hers"""
    try:
        with transaction.atomic():
            first, _ = FirstOrder.objects.update_or_create(
                order=order, defaults={"member": _member(order), "released_at": None}
            )
            first.traces.all().delete()
            FirstOrderTrace.objects.bulk_create(
                [FirstOrderTrace(first_order=first, kind=kind, digest=digest) for kind, digest in traces]
            )
            return first
    except IntegrityError as error:
        raise NotEligible(ONCE) from error


def claim_again(*, order: Order) -> bool:
    """A payment after the hold ran out: whether the person's one time is still, or again, hers for this order."""
    first = FirstOrder.objects.filter(order=order).first()
    if first is not None and first.released_at is None:
        return True
    try:
        claim_first(order=order, traces=traces_of(member_id=order.member_id or 0, recipient=order.recipient))
    except NotEligible:
        return False
    return True


def release_first(*, order: Order, at: datetime) -> None:
    """The order came to nothing: she may try again."""
    FirstOrder.objects.filter(order=order, released_at=None).update(released_at=at)
    FirstOrderTrace.objects.filter(first_order__order=order, released_at=None).update(released_at=at)


def _member(order: Order) -> Member:
    assert order.member is not None  # noqa: S101 -- the play lets nobody unknown claim
    return order.member
