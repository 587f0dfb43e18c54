"""What becomes of tastes and lists when members become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagging.models import MemberTaste, Recommendation

if TYPE_CHECKING:
    from members.models import Member


def forget_absorbed(*, kept: Member, absorbed: Member) -> int:
    """Drop what was learnt of half a person: the next night learns of the whole one."""
    dropped, _ = MemberTaste.objects.filter(member__in=[kept.pk, absorbed.pk]).delete()
    Recommendation.objects.filter(member__in=[kept.pk, absorbed.pk]).delete()
    return dropped
