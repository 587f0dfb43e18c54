"""Results of posts, unit by unit: what one store was sent of one content, all its groups together."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Count, QuerySet, Sum

from communities.estimates import MEASURES, Sums
from communities.models import LinkClick, PostResult


class UnitKey(NamedTuple):
    """What a unit's result is summed by; `cell` is empty for a store's own post."""

    material: int
    cell: int | None
    slot: int
    evidence: int


_KEYS = ("content_id", "material_id", "cell_id", "slot_id", "evidence")


def units(results: QuerySet[PostResult]) -> Iterator[tuple[UnitKey, Sums]]:
    """Each unit of these results, kinds of proof apart; two queries.

    Clicks on a group-send's link whose group nobody can tell count for its content, once: with the best proven part.
    """
    rows = list(
        results.order_by()
        .values(*_KEYS)
        .annotate(posts=Count("pk"), reached=Sum("people"), **{f"sum_{name}": Sum(name) for name in MEASURES})
        .order_by("content_id", "-evidence", "cell_id")
    )
    loose = _loose_clicks(results)
    for row in rows:
        measures = {name: row[f"sum_{name}"] for name in MEASURES}
        measures["clicks"] += loose.pop(row["content_id"], 0)
        key = UnitKey(*(row[name] for name in _KEYS[1:]))
        yield key, Sums.of_unit(posts=row["posts"], people=row["reached"], measures=measures)


def _loose_clicks(results: QuerySet[PostResult]) -> dict[int, int]:
    clicks = LinkClick.objects.filter(task=None, link__content__in=results.order_by().values("content"))
    by_content = clicks.order_by().values_list("link__content")
    known = dict(by_content.filter(member__isnull=False).annotate(Count("member", distinct=True)))
    unknown = dict(by_content.filter(member=None).annotate(Count("who", distinct=True)))
    return {pk: known.get(pk, 0) + unknown.get(pk, 0) for pk in known.keys() | unknown.keys()}
