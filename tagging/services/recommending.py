"""Every night: what each member likes and what to offer her, store by store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from django.db import connection, transaction

from members.models import Consent
from stores.models import Store
from tagging import tasks
from tagging.models import MemberTaste, Recommendation
from tagging.recommending.members import Market, work_out
from tagging.selectors import histories
from tagging.selectors.brains import Brain, brain_of
from tagging.selectors.shelves import opted_out, shelf_mask
from tagging.services.learning import NothingToLearnFrom, forget_old_models, learn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from tagging.recommending.members import Block

MEMBERS_AT_ONCE = 8_192  # bounds memory whatever a store's size
_SLACK = timedelta(days=3)  # purchases reach us that late (offline tills, an import the next morning)
_HUNDREDTHS = 100


def start_night(*, as_of: date, at: datetime, everybody: bool) -> int:
    """Learn from yesterday and queue a shard per store; returns how many, 0 for a chain without products.

    Without `everybody` only members with purchases since their last turn are worked out again.
    """
    try:
        model = learn(as_of=as_of, at=at)
    except NothingToLearnFrom:
        return 0
    stores = list(Store.objects.order_by("pk").values_list("pk", flat=True))
    for store_id in stores:
        tasks.bulk_recommend_store.delay(store_id=store_id, model_id=model.pk, everybody=everybody)
    forget_old_models()
    return len(stores)


def recommend_everybody(
    *, as_of: date, at: datetime, progress: Callable[[int], None] = lambda _done: None
) -> int:  # fmt: skip
    """Learn and work out every store in this process; returns how many members have lists now.

    :raises NothingToLearnFrom: there are no products
    """
    model = learn(as_of=as_of, at=at)
    forget_old_models()
    done = 0
    for store_id in Store.objects.order_by("pk").values_list("pk", flat=True):
        done += recommend_store(store_id=store_id, model_id=model.pk, at=at, everybody=True)
        progress(done)
    return done


def recommend_store(*, store_id: int, model_id: int, at: datetime, everybody: bool) -> int:
    """Work out the members at home in a store; a repeated call writes the same. Returns how many were written.

    Members who took back their consent to profiling lose what was known of their taste.
    """
    brain = brain_of(model_id)
    without = opted_out(store_id=store_id, purpose=Consent.Purpose.PROFILING)
    if everybody:
        shard = histories.store_shard(store_id, product_ids=brain.products.tolist(), as_of=brain.as_of)
    else:
        since = datetime.combine(_last_turn(store_id) or brain.as_of, datetime.min.time(), at.tzinfo) - _SLACK
        changed = [pk for pk in histories.changed_since(store_id, since) if pk not in without]
        shard = histories.members_shard(changed, product_ids=brain.products.tolist(), as_of=brain.as_of)
    market = market_of(brain, store_id)
    written = 0
    with transaction.atomic():
        for first in range(0, len(shard.members), MEMBERS_AT_ONCE):
            part = shard.part(first, min(first + MEMBERS_AT_ONCE, len(shard.members)))
            block = work_out(part.history, paid=part.paid, unit_fen=part.unit_fen, market=market)
            kept = ~np.isin(part.members, list(without))
            written += _write(_Turn(brain, store_id, at), part.members, block, kept)
        gone = MemberTaste.objects.filter(store=store_id)
        gone_lists = Recommendation.objects.filter(store=store_id)
        if everybody:  # who has no purchases left, or moved away and was written by nobody yet
            gone.exclude(model=brain.pk).delete()
            gone_lists.exclude(model=brain.pk).delete()
        gone.filter(member__in=without).delete()
        gone_lists.filter(member__in=without).delete()
    return written


def market_of(brain: Brain, store_id: int) -> Market:
    """The crowd's view with the shelf of one store."""
    return Market(
        crowd=brain.crowd, catalogue=brain.catalogue, folded=brain.folded, line_fen=brain.line_fen,
        unit_fen=brain.unit_fen, intervals=brain.intervals, stocked=shelf_mask(store_id, brain.products),
    )  # fmt: skip


def _last_turn(store_id: int) -> date | None:
    return Recommendation.objects.filter(store=store_id).order_by("-as_of").values_list("as_of", flat=True).first()


@dataclass(frozen=True, slots=True)
class _Turn:
    """What all rows of one run have in common."""

    brain: Brain
    store_id: int
    at: datetime


def _write(turn: _Turn, members: np.ndarray, block: Block, kept: np.ndarray) -> int:
    if not kept.any():
        return 0
    _merge(MemberTaste._meta.db_table, _TASTE_COLUMNS, _taste_rows(turn, members, block, kept))  # noqa: SLF001 -- Django's documented name
    _merge(Recommendation._meta.db_table, _LIST_COLUMNS, _list_rows(turn, members, block, kept))  # noqa: SLF001 -- Django's documented name
    return int(kept.sum())


_TASTE_COLUMNS = ("member_id", "store_id", "model_id", "leaning", "certainty", "evidence", "usual_fen",
                  "bargain_percent", "last_bought_on", "computed_at")  # fmt: skip
_LIST_COLUMNS = ("member_id", "store_id", "model_id", "as_of", "new_products", "new_scores", "repeat_products",
                 "repeat_scores", "due_on", "computed_at")  # fmt: skip


def _taste_rows(turn: _Turn, members: np.ndarray, block: Block, kept: np.ndarray) -> Iterator[str]:
    leaning = np.clip((block.leaning * _HUNDREDTHS).round(), -32_000, 32_000).astype(int)
    sure = (block.certainty * _HUNDREDTHS).round().astype(int)
    bargains = (block.spending.bargains * _HUNDREDTHS).round().astype(int)
    for i in np.flatnonzero(kept):
        yield (
            f"{members[i]}\t{turn.store_id}\t{turn.brain.pk}\t{_array(leaning[i])}\t{_array(sure[i])}\t{block.evidence[i]}\t"
            f"{int(block.spending.usual_fen[i])}\t{bargains[i]}\t{histories.day_of(block.last[i])}\t{turn.at.isoformat()}\n"
        )


def _list_rows(turn: _Turn, members: np.ndarray, block: Block, kept: np.ndarray) -> Iterator[str]:
    for i in np.flatnonzero(kept):
        lists = []
        for ranked in (block.new, block.repeat):
            some = ranked.products[i] >= 0
            lists += [_array(turn.brain.products[ranked.products[i][some]]), _array(ranked.scores[i][some].round(4))]
        due = block.due[i][block.repeat.products[i] >= 0]
        yield (
            f"{members[i]}\t{turn.store_id}\t{turn.brain.pk}\t{turn.brain.as_of}\t" + "\t".join(lists)
            + f"\t{_array(due)}\t{turn.at.isoformat()}\n"
        )  # fmt: skip


def _array(values: np.ndarray) -> str:
    return "{" + ",".join(map(str, values.tolist())) + "}"


def _merge(table: str, columns: tuple[str, ...], rows: Iterator[str]) -> None:
    """Write rows over those of the same members, by COPY: a statement a row would take longer than the ranking."""
    names = ", ".join(columns)
    fresh = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE fresh_rows (LIKE {table}) ON COMMIT DROP")
        with cursor.cursor.copy(f"COPY fresh_rows ({names}) FROM STDIN") as copy:
            copy.write("".join(rows))
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM fresh_rows ORDER BY member_id "  # noqa: S608 -- constants of this module
            f"ON CONFLICT (member_id) DO UPDATE SET {fresh}"
        )
        cursor.execute("DROP TABLE fresh_rows")
