"""What segments may ask about groups, and the groups a questionnaire is handed out in."""

from typing import Any

from django.db.models import Exists, OuterRef

from communities.models import CustomerGroup, GroupMembership
from stores.models import Store
from tagging.segmenting.kinds import Kind, Rule, Scope


def _in_a_group(_rule: Rule, _scope: Scope) -> Any:
    return Exists(GroupMembership.objects.filter(member=OuterRef("pk"), left_at=None))


IN_A_GROUP = Kind("group", "在客户群里", (), _in_a_group)


def groups_of(store: Store) -> list[tuple[int, str]]:
    """A store's groups by name."""
    return list(CustomerGroup.objects.live().filter(store=store).order_by("name", "pk").values_list("pk", "name"))
