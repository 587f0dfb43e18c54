"""When two members become one: their orders, and their places in queues."""

from django.db.models import Value
from django.db.models.functions import Concat, Left

from campaigns.models import Order, WaitEntry
from members.models import Member

_LIVE = (WaitEntry.State.WAITING, WaitEntry.State.OFFERED)


def move_orders(*, kept: Member, absorbed: Member) -> int:
    """Give every order to the kept member; of two live places in one queue the earlier counts."""
    moving = Order.objects.filter(member=absorbed)
    theirs = Order.objects.filter(member=kept, campaign__in=moving.values("campaign"))
    # Two phones may have used one request key: it stays a key, only not the same.
    moving.filter(request_key__in=theirs.values("request_key")).update(
        request_key=Concat(Left("request_key", 40), Value(f":m{absorbed.pk}"))
    )
    _give_up_second_places(kept, absorbed)
    WaitEntry.objects.filter(member=absorbed).update(member=kept)
    return moving.update(member=kept)


def _give_up_second_places(kept: Member, absorbed: Member) -> None:
    mine = {entry.stock_id: entry for entry in WaitEntry.objects.filter(member=kept, state__in=_LIVE)}
    for entry in WaitEntry.objects.filter(member=absorbed, state__in=_LIVE).order_by("pk"):
        other = mine.get(entry.stock_id)
        if other is None:
            continue
        # An offer in hand counts before any place; its order would otherwise hold goods for nobody.
        order = {WaitEntry.State.OFFERED: 0, WaitEntry.State.WAITING: 1}
        _, second = sorted((entry, other), key=lambda one: (order[WaitEntry.State(one.state)], one.asked_at, one.pk))
        second.state = WaitEntry.State.LAPSED
        second.save(update_fields=["state"])
