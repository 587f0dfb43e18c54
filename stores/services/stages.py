"""The life of a store: 装修 → 开业 → 正常, and 停业 from any of them."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from stores.models import Staff, Store
from stores.services.auditing import audit

_DATE_OF = {
    Store.Stage.FITOUT: "fitout_on",
    Store.Stage.OPENING: "opened_on",
    Store.Stage.RUNNING: "running_on",
    Store.Stage.SUSPENDED: "suspended_on",
}


class StageMoveRefused(Exception):
    """The move is not possible; the message says why, in words for HQ staff."""


def next_stages(store: Store) -> list[Store.Stage]:
    """Where a store may go from where it stands; a suspended one resumes the life it had."""
    match store.stage:
        case Store.Stage.FITOUT:
            return [Store.Stage.OPENING, Store.Stage.SUSPENDED]
        case Store.Stage.OPENING:
            return [Store.Stage.RUNNING, Store.Stage.SUSPENDED]
        case Store.Stage.RUNNING:
            return [Store.Stage.SUSPENDED]
        case _:
            return [Store.Stage.RUNNING if store.opened_on else Store.Stage.OPENING]


@transaction.atomic
def move_stage(*, store: Store, to: Store.Stage, on: date, actor: Staff, at: datetime) -> Store:
    """Move a store to its next stage as of a day, and write down who did it; a repeated call changes nothing.

    :raises StageMoveRefused: not HQ, not a possible next stage, a date out of order, or someone was faster
    """
    if not actor.is_hq:
        raise StageMoveRefused("只有总部可以调整门店阶段")
    came_from = store.stage
    if came_from == to and getattr(store, _DATE_OF[to]) == on:
        return store
    if to not in next_stages(store):
        raise StageMoveRefused(f"「{store.get_stage_display()}」的门店不能直接转为「{to.label}」")
    _check_day(store, on=on, at=at)
    changes: dict[str, object] = {"stage": to, _DATE_OF[to]: on}
    if came_from == Store.Stage.SUSPENDED:
        changes["suspended_on"] = None
        if to == Store.Stage.RUNNING and store.running_on:
            changes["running_on"] = store.running_on  # it was running before the pause
    # The stage in the condition makes two simultaneous moves one.
    if not Store.objects.filter(pk=store.pk, stage=came_from).update(**changes):
        raise StageMoveRefused("刚刚有人调整过这家门店的阶段，请刷新后再看")
    for name, value in changes.items():
        setattr(store, name, value)
    audit(
        actor=actor, action="store.stage_moved", at=at, target=f"store:{store.pk}", store=store,
        detail={"from": came_from, "to": to.value, "on": on.isoformat()},
    )  # fmt: skip
    return store


def _check_day(store: Store, *, on: date, at: datetime) -> None:
    if on > timezone.localdate(at):
        raise StageMoveRefused("日期不能晚于今天：到了那一天再调整")
    for stage in Store.Stage:
        earlier: date | None = getattr(store, _DATE_OF[stage])
        if earlier is not None and on < earlier:
            raise StageMoveRefused(f"日期不能早于「{stage.label}」的日期 {earlier:%Y-%m-%d}")
