"""The open store nearest to a customer, with the code that leads to it."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from communities.models import EntryCode
from stores.models import Store

REACH_KM = 5.0  # beyond it a store is not one's own; 三公里生活圈 with room for the error of a phone's position
_EARTH_KM = 6_371.0
_KM_PER_DEGREE = 111.0
_OPEN = (Store.Stage.OPENING, Store.Stage.RUNNING)


@dataclass(frozen=True, slots=True)
class Nearby:
    code: EntryCode
    km: float


def nearest_code(*, latitude: float, longitude: float) -> Nearby | None:
    """The 附近门店 code of the nearest open store within reach that has a working one, or None."""
    high = REACH_KM / _KM_PER_DEGREE
    # A degree of longitude shrinks towards the poles; no store lies so far north that the floor matters.
    wide = high / max(0.1, cos(radians(latitude)))
    codes = EntryCode.objects.live().filter(
        scene=EntryCode.Scene.LBS, store__stage__in=_OPEN,
        store__latitude__range=(latitude - high, latitude + high),
        store__longitude__range=(longitude - wide, longitude + wide),
    )  # fmt: skip
    found = [
        Nearby(code=code, km=_km(latitude, longitude, float(code.store.latitude), float(code.store.longitude)))
        for code in codes.select_related("store")
        if code.store.latitude is not None and code.store.longitude is not None
    ]
    within = [one for one in found if one.km <= REACH_KM]
    # Two codes of one store: the one that joins a group.
    return min(within, key=lambda one: (one.km, not one.code.is_group), default=None)


def _km(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """The great-circle distance."""
    up, along = radians(to_latitude - latitude), radians(to_longitude - longitude)
    chord = sin(up / 2) ** 2 + cos(radians(latitude)) * cos(radians(to_latitude)) * sin(along / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(min(1.0, chord)))
