"""What HQ makes of a suggestion: it changes the draft of the plan, or is put aside."""

from datetime import datetime

from django.db import transaction

from communities.models import PlanCell, SwapSuggestion
from communities.selectors.plan_cells import Saying, cell_facts
from communities.services.planning.cells import change_cell
from communities.services.planning.drafts import start_draft
from communities.services.planning.errors import PlanRefused
from stores.models import Staff
from stores.services.auditing import audit

_State = SwapSuggestion.State


@transaction.atomic
def accept(*, suggestion: SwapSuggestion, by: Staff, at: datetime) -> int:
    """Put the incoming material where the outgoing one rotates, in every cell of the draft of that slot and theme.

    A draft is begun where there is none; nothing is published. Returns how many cells changed.

    :raises PlanRefused: it was decided before, the plan has the outgoing one no more, or the incoming is archived
    """
    if not _decide(suggestion, _State.ACCEPTED, by=by, at=at):
        raise PlanRefused("这条建议刚刚已经处理过了")
    draft = start_draft(by=by, at=at)
    cells = cell_facts(PlanCell.objects.filter(version=draft, slot=suggestion.slot_id, theme=suggestion.theme))
    changed = 0
    for facts in cells:
        if suggestion.outgoing_id not in facts.saying.material_ids:
            continue
        swapped = (suggestion.incoming_id if pk == suggestion.outgoing_id else pk for pk in facts.saying.material_ids)
        saying = Saying(
            theme=facts.saying.theme, material_ids=tuple(dict.fromkeys(swapped)), must_do=facts.saying.must_do,
            wish=facts.saying.wish,
        )  # fmt: skip
        cell = PlanCell.objects.get(pk=facts.id)
        change_cell(cell=cell, seen=facts.fingerprint, scope=facts.scope, saying=saying)
        changed += 1
    if not changed:
        raise PlanRefused("计划里这个时段已经没有要换下的素材了")
    _note("plan.swap_accepted", suggestion, by=by, at=at, cells=changed)
    return changed


@transaction.atomic
def dismiss(*, suggestion: SwapSuggestion, by: Staff, at: datetime) -> bool:
    """Put a suggestion aside; False where it was decided before."""
    done = _decide(suggestion, _State.DISMISSED, by=by, at=at)
    if done:
        _note("plan.swap_dismissed", suggestion, by=by, at=at, cells=0)
    return done


def _decide(suggestion: SwapSuggestion, state: str, *, by: Staff, at: datetime) -> bool:
    waiting = SwapSuggestion.objects.filter(pk=suggestion.pk, state=_State.OPEN)
    return bool(waiting.update(state=state, decided_at=at, decided_by=by))


def _note(action: str, suggestion: SwapSuggestion, *, by: Staff, at: datetime, cells: int) -> None:
    detail = {"out": suggestion.outgoing_id, "in": suggestion.incoming_id, "cells": cells}
    audit(actor=by, action=action, at=at, target=f"suggestion:{suggestion.pk}", detail=detail)
