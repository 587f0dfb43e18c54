"""The entry codes a sample chain starts with."""

from datetime import datetime

from communities.models import EntryCode
from communities.services.ordering import Wish, order_batch
from stores.models import Staff, Store

_TRADING = (Store.Stage.OPENING, Store.Stage.RUNNING)
_WISHES = (
    (Wish(scene=EntryCode.Scene.CHECKOUT, kind=EntryCode.Kind.CONTACT, bait="加店长领 5 元新客券"), _TRADING),
    (Wish(scene=EntryCode.Scene.STANDEE, kind=EntryCode.Kind.GROUP, bait="进群抢 1 元水果"), _TRADING),
    (Wish(scene=EntryCode.Scene.FITOUT, kind=EntryCode.Kind.CONTACT, bait="开业当天送一盒草莓"), (Store.Stage.FITOUT,)),
)


def order_sample_codes(*, at: datetime) -> int:
    """Order codes for the till and the standee of trading stores and the hoardings of new ones. How many.

    Nothing is ordered where there are codes already.
    """
    by = Staff.objects.filter(role=Staff.Role.HQ, is_active=True).order_by("pk").first()
    if by is None or EntryCode.objects.exists():
        return 0
    for wish, stages in _WISHES:
        order_batch(stores=Store.objects.filter(stage__in=stages), wish=wish, by=by, at=at)
    return EntryCode.objects.count()
