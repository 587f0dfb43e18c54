"""Whose order it is, for every edge a member comes by: another member's is not there, and the attempt is noted."""

from datetime import datetime

from campaigns.models import Order
from campaigns.selectors.orders import orders_of
from campaigns.services.refusals import note_refusal
from members.models import Member


def own_order(*, member: Member, token: str, at: datetime) -> Order | None:
    """Her order of that number, with its lines; None where it is nobody's or somebody else's."""
    found = orders_of(member).filter(token=token).first()
    if found is not None:
        return found
    foreign = Order.objects.filter(token=token).select_related("store").first()
    if foreign is not None:
        note_refusal(
            action="campaign.other_members_order", target=f"order:{foreign.pk}", store=foreign.store, at=at,
            detail={"member": member.pk, "asked": "look"},
        )  # fmt: skip
    return None
