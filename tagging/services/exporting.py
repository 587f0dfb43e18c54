"""Recommendations as a file, for whoever works with them outside."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from members.identities import decrypt
from members.models import Consent, Identity
from stores.models import Product, Store
from stores.services.auditing import audit
from tagging.models import MemberTaste, Recommendation
from tagging.recommending.ranking import Task
from tagging.selectors import histories
from tagging.selectors.brains import brain_of
from tagging.selectors.recommendations import Teller, axis_words
from tagging.selectors.shelves import opted_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime
    from pathlib import Path

    from stores.models import Staff

COLUMNS = ("member", "rank", "product", "score", "reason")
_AT_ONCE = 2_000


def export_recommendations(*, path: Path, task: Task, by: Staff | None, at: datetime, today: date) -> int:
    """Write every member's list of a task as CSV (UTF-8); returns how many rows. Audited.

    A member goes by her card, one without a card by `#` and her number here; a product by its code.
    """
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for store_id in Store.objects.order_by("pk").values_list("pk", flat=True):
            for row in _rows(store_id, task, today):
                writer.writerow(row)
                count += 1
    audit(actor=by, action="recommendations.exported", at=at, detail={"rows": count, "task": str(task)})
    return count


def _rows(store_id: int, task: Task, today: date) -> Iterator[tuple[str, int, str, float, str]]:
    names = {product.pk: product for product in Product.objects.all()}
    silent = opted_out(store_id=store_id, purpose=Consent.Purpose.PROFILING)
    members = list(Recommendation.objects.filter(store=store_id).order_by("member").values_list("member", flat=True))
    for first in range(0, len(members), _AT_ONCE):
        ids = [pk for pk in members[first : first + _AT_ONCE] if pk not in silent]
        lists = Recommendation.objects.in_bulk(ids)
        tastes = MemberTaste.objects.in_bulk(ids)
        codes = _codes(ids)
        by_model: dict[int, list[int]] = {}
        for pk in ids:
            by_model.setdefault(lists[pk].model_id, []).append(pk)
        for model_id, group in by_model.items():
            brain = brain_of(model_id)
            words = axis_words(brain.axes)
            shard = histories.members_shard(group, product_ids=brain.products.tolist(), as_of=brain.as_of)
            teller = Teller(brain, shard, words)
            for number, pk in enumerate(shard.members.tolist()):
                taste = tastes[pk]
                new, repeat = teller.offers(
                    number, lists[pk], names, [v / 100 for v in taste.leaning], [v / 100 for v in taste.certainty],
                    today=today,
                )  # fmt: skip
                for rank, offer in enumerate(new if task is Task.NEW else repeat, start=1):
                    yield codes[pk], rank, offer.product.code, round(offer.score, 4), offer.reason


def _codes(members: list[int]) -> dict[int, str]:
    codes = {pk: f"#{pk}" for pk in members}
    cards = Identity.objects.filter(member__in=members, kind=Identity.Kind.CARD).order_by("-pk")
    for member, encrypted in cards.values_list("member", "value_encrypted"):
        codes[member] = decrypt(bytes(encrypted))
    return codes
