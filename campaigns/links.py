"""{接龙链接} in posts: the campaign a post was made for, else the store's running 接龙 of the post's product."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import F

from campaigns.models import Campaign, CampaignPost, ItemStock
from communities.models import StorePost
from communities.order_links import Wanted
from members.services.partitions import BUSINESS_ZONE

_POSTED = (Campaign.State.SCHEDULED, Campaign.State.LIVE)
_DAY = timedelta(days=1)


def order_pages(wanted: Collection[Wanted]) -> Mapping[Wanted, str]:
    """The page a post of that day leads to; two queries for any number of posts."""
    own, running = _own_posts(wanted), _running_chains(wanted)
    found = {}
    for one in wanted:
        start = datetime.combine(one.day, time.min, BUSINESS_ZONE)
        tokens = [token for product, token in own.get((one.store_id, one.day, one.slot_number), [])
                  if one.product_id in {None, product}]  # fmt: skip
        tokens += [
            token
            for product, token, starts_at, ends_at in running.get(one.store_id, [])
            if starts_at < start + _DAY and ends_at > start and one.product_id in {None, product}
        ]
        if tokens:
            found[one] = f"{settings.SITE_URL}/h/{tokens[0]}/"
    return found


def _own_posts(wanted: Collection[Wanted]) -> dict[tuple[int, date, int], list[tuple[int | None, str]]]:
    """By store, day and slot: the product of the post a campaign put there, and the campaign's token."""
    posts = StorePost.objects.filter(
        store__in={one.store_id for one in wanted}, day__in={one.day for one in wanted},
        material__in=CampaignPost.objects.filter(
            campaign__state__in=_POSTED, campaign__killed_at=None, withdrawn_at=None
        ).values("material"),
    )  # fmt: skip
    rows = posts.annotate(token=F("material__campaign_post__campaign__token"))
    found: dict[tuple[int, date, int], list[tuple[int | None, str]]] = {}
    for store, day, slot, product, token in rows.values_list(
        "store", "day", "slot", "material__current__product", "token"
    ):
        found.setdefault((store, day, slot), []).append((product, token))
    return found


def _running_chains(wanted: Collection[Wanted]) -> dict[int, list[tuple[int, str, datetime, datetime]]]:
    days = [one.day for one in wanted]
    rows = ItemStock.objects.filter(
        store__in={one.store_id for one in wanted}, item__campaign__play=Campaign.Play.CHAIN,
        item__campaign__state__in=_POSTED, item__campaign__killed_at=None,
        item__campaign__starts_at__lt=datetime.combine(max(days), time.min, BUSINESS_ZONE) + _DAY,
        item__campaign__ends_at__gt=datetime.combine(min(days), time.min, BUSINESS_ZONE),
    ).order_by("-item__campaign__starts_at", "-item__campaign")  # fmt: skip
    found: dict[int, list[tuple[int, str, datetime, datetime]]] = {}
    for store, product, token, starts_at, ends_at in rows.values_list(
        "store", "item__product", "item__campaign__token", "item__campaign__starts_at", "item__campaign__ends_at"
    ):
        found.setdefault(store, []).append((product, token, starts_at, ends_at))
    return found
