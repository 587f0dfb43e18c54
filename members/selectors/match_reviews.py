"""What waits for somebody to say whether two members are one."""

from django.db.models import F, Q, QuerySet

from members.models import MatchReview


def open_reviews() -> QuerySet[MatchReview]:
    """Undecided pairs with both members, the newest first; those merged elsewhere meanwhile are decided."""
    merged = Q(member__merged_into=F("other")) | Q(other__merged_into=F("member"))
    waiting = MatchReview.objects.filter(state=MatchReview.State.OPEN).exclude(merged)
    return waiting.select_related("member__home_store", "other__home_store").order_by("-opened_at", "-pk")
