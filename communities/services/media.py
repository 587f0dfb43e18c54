"""Keep the picture of a group code ready for welcomes: WeCom forgets what is uploaded after three days."""

from datetime import datetime, timedelta

from communities.models import EntryCode
from stores.models import Store
from wecom.client.content import ContentRefused
from wecom.client.errors import WeComRefused
from wecom.fetching import FetchRefused
from wecom.gateway import WeCom
from wecom.pictures import code_picture

_FRESH = timedelta(days=2)  # a day in hand for uploads that fail
_NAMES = {"image/png": "code.png", "image/jpeg": "code.jpg"}


def refresh_pictures(*, store: Store, at: datetime, gateway: WeCom) -> int:
    """Upload again what is about to be forgotten; what cannot be had stays a link. Returns how many."""
    count = 0
    for code in EntryCode.objects.live().filter(store=store, kind=EntryCode.Kind.GROUP):
        if code.media_at is not None and code.media_at > at - _FRESH:
            continue
        try:
            picture = code_picture(code.qr_url)
            if picture.media_type not in _NAMES:
                continue
            media_id = gateway.media.upload(
                kind="image", name=_NAMES[picture.media_type], content=picture.content, media_type=picture.media_type
            )
        except (FetchRefused, ContentRefused, WeComRefused):
            continue
        EntryCode.objects.filter(pk=code.pk).update(media_id=media_id, media_at=at)
        count += 1
    return count
