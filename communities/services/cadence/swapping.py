"""A store changes a post that a check holds back for another one of the same rotation, with one tap."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from communities.models import CellMaterial, LintRule, Material, PostTask, StorePost
from communities.services.cadence.checking import check_posts
from communities.services.cadence.materialising import materialise
from communities.services.content.lint import Draft, check
from stores.models import Staff


class NotInRotation(Exception):
    """HQ's plan does not offer this material in this slot, or the post is not held back any more."""


def alternatives(tasks: Sequence[PostTask], *, at: datetime) -> dict[int, Material]:
    """For posts that are held back: the first other material of their cell's rotation that could go out, by post."""
    turns = CellMaterial.objects.filter(
        cell__in={task.cell_id for task in tasks if task.cell_id}, material__archived_at=None,
        material__current__isnull=False,
    ).select_related("material").order_by("position")  # fmt: skip
    offered = [
        (task, turn.material)
        for turn in turns
        for task in tasks
        if task.cell_id == turn.cell_id and turn.material.current_id != task.version_id
    ]
    if not offered:
        return {}
    found = check([_draft(task, material) for task, material in offered], at=at)
    first: dict[int, Material] = {}
    for task, material in offered:
        said = found.get((task.pk, material.pk), [])
        if not any(finding.severity == LintRule.Severity.BLOCK for finding in said):
            first.setdefault(task.pk, material)
    return first


@transaction.atomic
def swap(*, task: PostTask, material: Material, staff: Staff, at: datetime) -> StorePost:
    """Let all the store's groups get this material in the slot instead; it is checked at once. Safe to repeat.

    A must-do cell may be served by any material of its own rotation: the choice is the store's, the theme is HQ's.

    :raises NotInRotation:
    """
    held = PostTask.objects.filter(pk=task.pk, state=PostTask.State.BLOCKED, cell__rotation__material=material)
    if not held.exists():
        raise NotInRotation
    post, _ = StorePost.objects.update_or_create(
        store=task.store, group=None, day=task.day, slot=task.slot,
        defaults={"material": material, "wish": task.wish, "made_by": staff, "made_at": at},
    )  # fmt: skip
    materialise(day=task.day, store_ids=[task.store_id], at=at)
    check_posts(PostTask.objects.filter(store=task.store, day=task.day, slot=task.slot), at=at)
    return post


def _draft(task: PostTask, material: Material) -> Draft:
    if material.current_id is None:
        raise ValueError(f"{material} has nothing to say")
    return Draft(
        key=(task.pk, material.pk), group_id=task.group_id, store_id=task.store_id, version_id=material.current_id,
        day=task.day, slot_number=task.slot_id, due_at=task.due_at,
    )  # fmt: skip
