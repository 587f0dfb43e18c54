"""Where the goods are brought, as the form on her phone says."""

from campaigns.errors import NotEligible
from campaigns.h5.session import MemberRequest
from campaigns.models import Order

_ASKED = ("name", "phone", "address")


def parcel_of(request: MemberRequest) -> dict[str, str] | None:
    """Name, phone and address; None where she fetches it. :raises NotEligible: one of them is missing"""
    if request.POST.get("fulfilment") != Order.Fulfilment.DELIVERY:
        return None
    said = {name: request.POST.get(name, "").strip()[:100] for name in _ASKED}
    if not all(said.values()):
        raise NotEligible("送货上门要填收货人、电话和地址")
    return said


def fulfilment_of(parcel: dict[str, str] | None) -> str:
    """How she gets it."""
    return Order.Fulfilment.PICKUP if parcel is None else Order.Fulfilment.DELIVERY
