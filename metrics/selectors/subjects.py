"""Whose readings can be asked for one by one, beyond stores: groups, colleagues, campaigns and entry codes."""

from django.db.models import Model, QuerySet

from campaigns.models import Campaign, ItemStock
from communities.models import CustomerGroup, EntryCode
from metrics.registry.components import Grain
from stores.models import Staff, Store


def subjects(grain: Grain, stores: QuerySet[Store]) -> QuerySet[Model]:
    """What a grain's rows are about, in these stores."""
    match grain:
        case Grain.STORE:
            return stores
        case Grain.GROUP:
            return CustomerGroup.objects.filter(store__in=stores)
        case Grain.STAFF:
            return Staff.objects.filter(store__in=stores)
        case Grain.CAMPAIGN:
            here = ItemStock.objects.filter(store__in=stores).values("item__campaign")
            return Campaign.objects.filter(is_template=False, pk__in=here)
        case Grain.CODE:
            return EntryCode.objects.filter(store__in=stores).select_related("store")
