"""{接龙链接} in posts: the store's running 接龙, of the post's product where it is about one."""

from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta

from django.conf import settings

from campaigns.models import Campaign, ItemStock
from communities.order_links import Wanted
from members.services.partitions import BUSINESS_ZONE

_POSTED = (Campaign.State.SCHEDULED, Campaign.State.LIVE)


def order_pages(wanted: Collection[Wanted]) -> Mapping[Wanted, str]:
    """The 接龙 a post of that day leads to; one query for any number of posts."""
    days = [one.day for one in wanted]
    first = datetime.combine(min(days), time.min, BUSINESS_ZONE)
    last = datetime.combine(max(days), time.min, BUSINESS_ZONE) + timedelta(days=1)
    rows = list(
        ItemStock.objects.filter(
            store__in={one.store_id for one in wanted}, item__campaign__play=Campaign.Play.CHAIN,
            item__campaign__state__in=_POSTED, item__campaign__killed_at=None, item__campaign__starts_at__lt=last,
            item__campaign__ends_at__gt=first,
        )
        .order_by("-item__campaign__starts_at", "-item__campaign")
        .values_list(
            "store", "item__product", "item__campaign__token", "item__campaign__starts_at", "item__campaign__ends_at"
        )
    )  # fmt: skip
    found = {}
    for one in wanted:
        start = datetime.combine(one.day, time.min, BUSINESS_ZONE)
        running = [
            (product, token)
            for store, product, token, starts_at, ends_at in rows
            if store == one.store_id and starts_at < start + timedelta(days=1) and ends_at > start
        ]
        token = next((token for product, token in running if one.product_id in {None, product}), None)
        if token is not None:
            found[one] = f"{settings.SITE_URL}/h/{token}/"
    return found
