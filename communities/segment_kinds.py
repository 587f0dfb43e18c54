"""What segments may ask about groups."""

from typing import Any

from django.db.models import Exists, OuterRef

from communities.models import GroupMembership
from tagging.segmenting.kinds import Kind, Rule, Scope


def _in_a_group(_rule: Rule, _scope: Scope) -> Any:
    return Exists(GroupMembership.objects.filter(member=OuterRef("pk"), left_at=None))


IN_A_GROUP = Kind("group", "在客户群里", (), _in_a_group)
