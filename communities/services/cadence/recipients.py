"""Whom a slot's cards go to: owners, managers, and the leads of the regions above."""

from collections import defaultdict
from collections.abc import Collection

from stores.models import Staff, Store


def managers_of(store_ids: Collection[int]) -> dict[int, str]:
    """The UserID of each store's manager whom WeCom knows."""
    managers = Staff.objects.filter(store__in=store_ids, is_active=True, role=Staff.Role.MANAGER)
    return dict(managers.exclude(wecom_userid="").order_by("-pk").values_list("store_id", "wecom_userid"))


def leads_of(store_ids: Collection[int]) -> dict[int, list[str]]:
    """The UserIDs of each store's leads: those of the nearest region above that has any WeCom knows."""
    leads: dict[str, list[str]] = defaultdict(list)
    known = Staff.objects.filter(role=Staff.Role.REGION_LEAD, is_active=True).exclude(wecom_userid="")
    for path, userid in known.values_list("region__path", "wecom_userid"):
        leads[path].append(userid)
    if not leads:
        return {}
    places = Store.objects.filter(pk__in=store_ids).values_list("pk", "region__path")
    return {store: found for store, path in places if (found := _nearest(leads, path))}


def _nearest(leads: dict[str, list[str]], path: str) -> list[str]:
    """A path is "HD/ZJ/HZ/": the longest beginning of it that somebody leads."""
    codes = path.split("/")[:-1]
    for depth in range(len(codes), 0, -1):
        if found := leads.get("/".join(codes[:depth]) + "/"):
            return found
    return []
