"""Regions that the platform itself needs."""

from stores.models import Region

_UNSORTED_CODE, _UNSORTED_NAME = "UNSORTED", "未分区"


def unsorted_region() -> Region:
    """Where a store goes whose region nobody named; made when it is first needed."""
    region, _ = Region.objects.get_or_create(
        code=_UNSORTED_CODE, defaults={"name": _UNSORTED_NAME, "path": f"{_UNSORTED_CODE}/"}
    )
    return region
