"""What a change of the plan sets off: days whose posts were made already are made again."""

from collections.abc import Collection
from datetime import date, datetime

from django.utils import timezone

from communities import tasks
from communities.models import PostTask


def remake_posts(
    *, first: date, last: date | None = None, store_ids: Collection[int] | None = None, at: datetime
) -> list[date]:
    """After the commit, let the posts of today and of each later day made already follow the plan; returns those days.

    What is released stays as it is (`services.cadence.materialising`). A day not made yet needs nothing: it will be
    made from the plan as it then is. Today counts as made, for a chain that had no plan has no posts either.
    """
    today = timezone.localdate(at)
    made = PostTask.objects.filter(day__gte=max(first, today))
    if last is not None:
        made = made.filter(day__lte=last)
    days = set(made.order_by().values_list("day", flat=True).distinct())
    if first <= today <= (last or today):
        days.add(today)
    stores = None if store_ids is None else sorted(store_ids)
    for day in sorted(days):
        tasks.bulk_materialise.delay_on_commit(day=day.isoformat(), store_ids=stores)
    return sorted(days)
