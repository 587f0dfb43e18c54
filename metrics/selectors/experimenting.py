"""What running experiments change about a day's posts, and whom an experiment is about."""

from collections.abc import Collection, Mapping
from datetime import date

from django.db.models import QuerySet

from communities.models import CustomerGroup, GroupMembership
from communities.trials import Planned
from metrics.models import Experiment, ExperimentArm, ExperimentAssignment
from stores.models import Store
from stores.selectors import stores_for

MOST_MEMBERS = 200_000  # of an experiment by member


def running_on(day: date) -> QuerySet[Experiment]:
    return Experiment.objects.filter(state=Experiment.State.RUNNING, starts_on__lte=day, ends_on__gte=day)


def changes(day: date, posts: Collection[Planned]) -> Mapping[Planned, int | None]:
    """What the arms of running experiments send instead; whoever has no arm yet goes by the plan. One query if none."""
    found: dict[Planned, int | None] = {}
    acting = running_on(day).filter(subject__in=[Experiment.Subject.POSTS, Experiment.Subject.MATERIALS])
    for experiment in acting.order_by("pk"):
        arms = {arm.pk: arm for arm in experiment.arms.select_related("material").order_by("position")}
        unit_of = _store_of if experiment.unit == Experiment.Unit.STORE else _group_of
        assigned = dict(
            ExperimentAssignment.objects.filter(experiment=experiment, unit__in={unit_of(post) for post in posts})
            .values_list("unit", "arm_id")
        )  # fmt: skip
        theirs = _versions_of_control(arms)
        for post in posts:
            arm = arms.get(assigned.get(unit_of(post), 0))
            if arm is None or post in found:
                continue
            if experiment.subject == Experiment.Subject.MATERIALS and post.version_id not in theirs:
                continue
            if arm.is_holdout and not post.must_do:
                found[post] = None
            elif arm.material is not None and arm.material.current_id not in {None, post.version_id}:
                found[post] = arm.material.current_id
    return found


def _versions_of_control(arms: Mapping[int, ExperimentArm]) -> set[int | None]:
    control = next(iter(arms.values()))
    return {control.material.current_id} if control.material is not None else set()


def _store_of(post: Planned) -> int:
    return post.store_id


def _group_of(post: Planned) -> int:
    return post.group_id


def stores_of(experiment: Experiment) -> QuerySet[Store]:
    """The stores it is about: what its author may see, of its region."""
    stores = stores_for(experiment.made_by)
    if experiment.region is None:
        return stores
    return stores.filter(region__path__startswith=experiment.region.path)


def units_of(experiment: Experiment) -> list[int]:
    """The ids of the stores, live groups, or members of live groups it is about."""
    stores = stores_of(experiment)
    if experiment.unit == Experiment.Unit.STORE:
        return list(stores.order_by("pk").values_list("pk", flat=True))
    groups = CustomerGroup.objects.live().filter(store__in=stores)
    if experiment.unit == Experiment.Unit.GROUP:
        return list(groups.order_by("pk").values_list("pk", flat=True))
    stays = GroupMembership.objects.filter(group__in=groups, left_at=None, is_staff=False, member__isnull=False)
    members = stays.order_by("member").values_list("member_id", flat=True).distinct()[: MOST_MEMBERS + 1]
    return [member for member in members if member is not None]
