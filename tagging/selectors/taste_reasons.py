"""Why a member likes a product, from her taste: the axes she is known to like that the product is strong on."""

from collections.abc import Mapping, Sequence
from datetime import date

from members.models import Consent
from tagging.models import MemberTaste, TasteAxis
from tagging.recommending.reasons import LEANS, SURE
from tagging.selectors.shelves import opted_out
from tagging.selectors.tastes import taste_table

_STRONG = 6.0  # of 10
_WORDS = 2


def reasons(_store: int, members: Sequence[int], products: Mapping[int, int], day: date) -> dict[int, str]:
    """甜、脆 for who is sure to like both in a product that is both; silent about who does not want a profile."""
    wanted = [member for member in members if member in products]
    rows = list(MemberTaste.objects.filter(member__in=wanted).select_related("model").defer("model__state"))
    if not rows:
        return {}
    silent = opted_out(members=wanted, purpose=Consent.Purpose.PROFILING)
    names = dict(TasteAxis.objects.values_list("key", "name"))
    ids = sorted({products[row.member_id] for row in rows})
    strong = _strong(ids, on=day)
    found = {}
    for row in rows:
        if row.member_id in silent:
            continue
        liked = sorted(
            (
                (-leaning, key)
                for key, leaning, sure in zip(row.model.axes, row.leaning, row.certainty, strict=True)
                if leaning / 100 >= LEANS and sure / 100 >= SURE and key in strong[products[row.member_id]]
            )
        )
        if liked:
            found[row.member_id] = "、".join(names.get(key, key) for _, key in liked[:_WORDS])
    return found


def _strong(product_ids: list[int], *, on: date) -> dict[int, set[str]]:
    table = taste_table(product_ids, on=on)
    return {
        product: {axis.key for axis, value in zip(table.axes, table.values[place], strict=True) if value >= _STRONG}
        for place, product in enumerate(product_ids)
    }
