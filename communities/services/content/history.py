"""What the groups of a check have had or will have: which pictures lately, and what else on the same day."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from communities.models import Asset, MaterialAsset, MaterialVersion, PostTask

SIMILAR_BITS = 6  # of 64: a saved-again, shrunk or slightly brightened picture stays within, another one does not

# What these states say was, or will be, seen in the group.
_SEEN = (PostTask.State.PLANNED, PostTask.State.RELEASED, PostTask.State.SENT)


@dataclass(frozen=True, slots=True)
class Placed:
    """One post of one group, made or meant."""

    group_id: int
    store_id: int
    version_id: int
    day: date
    slot_number: int


def day_posts(*, group_ids: Collection[int], days: Collection[date]) -> list[Placed]:
    """The posts these groups have on these days; what was skipped, missed or withdrawn is none."""
    rows = PostTask.objects.filter(day__in=days, group__in=group_ids, state__in=_SEEN)
    columns = rows.values_list("group_id", "store_id", "version_id", "day", "slot_id")
    return [Placed(*row) for row in columns.iterator(chunk_size=10_000)]


def themes_of(version_ids: Collection[int]) -> dict[int, str]:
    """The theme of each version's material."""
    return dict(MaterialVersion.objects.filter(pk__in=version_ids).values_list("pk", "material__theme"))


def lookalikes(assets: Iterable[Asset]) -> dict[int, frozenset[int]]:
    """For each picture the versions that carry it or one that looks the same; two queries however many there are."""
    pictures = {asset.pk: asset for asset in assets if asset.kind == Asset.Kind.IMAGE}
    if not pictures:
        return {}
    same = _similar(pictures)
    carried: dict[int, set[int]] = defaultdict(set)
    wanted = {other for others in same.values() for other in others}
    for asset_id, version_id in MaterialAsset.objects.filter(asset__in=wanted).values_list("asset_id", "version_id"):
        carried[asset_id].add(version_id)
    return {pk: frozenset().union(*(carried[other] for other in others)) for pk, others in same.items()}


def _similar(pictures: Mapping[int, Asset]) -> dict[int, set[int]]:
    """Which pictures look like each of these; every one looks like itself, even one too plain to have a hash."""
    rows = list(Asset.objects.filter(phash__isnull=False).values_list("pk", "phash"))
    ids = np.array([pk for pk, _ in rows], dtype=np.int64)
    hashes = np.array([phash for _, phash in rows], dtype=np.int64).view(np.uint64)
    found: dict[int, set[int]] = {}
    for pk, asset in pictures.items():
        found[pk] = {pk}
        if asset.phash is not None:
            apart = np.bitwise_count(hashes ^ np.int64(asset.phash).view(np.uint64))
            found[pk].update(ids[apart <= SIMILAR_BITS].tolist())
    return found


class Usage:
    """Where and when versions were posted in some stores: asked by picture, answered with the closest other use."""

    def __init__(self, posts: Iterable[Placed]) -> None:
        self._by_store: dict[tuple[int, int], set[tuple[date, int, int]]] = defaultdict(set)
        for post in posts:
            key = (post.store_id, post.version_id)
            self._by_store[key].add((post.day, post.slot_number, post.group_id))

    def before(self, post: Placed, versions: Iterable[int], *, days: int) -> tuple[int, bool] | None:
        """Days since one of the versions was last posted in the store, and whether in this very group.

        The same slot of the same day is the same post in the store's other groups, not a reuse. A use on the same
        day counts from the earlier slot to the later one.
        """
        best: tuple[int, bool] | None = None
        for version_id in versions:
            for day, slot_number, group_id in self._by_store.get((post.store_id, version_id), ()):
                ago = (post.day - day).days
                if not (0 <= ago < days) or (ago == 0 and slot_number >= post.slot_number):
                    continue
                here = group_id == post.group_id
                if best is None or (ago, not here) < (best[0], not best[1]):
                    best = (ago, here)
        return best


def recent_posts(*, store_ids: Collection[int], version_ids: Collection[int], first: date, last: date) -> list[Placed]:
    """Posts of these versions in these stores from the first day to the last."""
    if not version_ids:
        return []
    rows = PostTask.objects.filter(
        store__in=store_ids, version__in=version_ids, day__range=(first, last), state__in=_SEEN
    )
    columns = rows.values_list("group_id", "store_id", "version_id", "day", "slot_id")
    return [Placed(*row) for row in columns.iterator(chunk_size=10_000)]


def window(days: int, *, until: date) -> date:
    """The first day of the last `days` days up to `until`."""
    return until - timedelta(days=max(days, 1) - 1)
