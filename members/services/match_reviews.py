"""Decide whether two members whom WeCom's ids bring together are one person."""

from datetime import datetime

from django.db import transaction

from members.models import MatchReview, Member
from members.selectors.survivors import survivor_of
from members.services.merging import merge_members
from stores.models import Staff


class AlreadyDecided(Exception):
    """Somebody else was faster."""


@transaction.atomic
def decide_review(*, review: MatchReview, is_same: bool, by: Staff, at: datetime) -> None:
    """Merge the two, the one WeCom brought into the one known before, or note that they are two people.

    :raises AlreadyDecided: the review is no longer open
    """
    state = MatchReview.State.MERGED if is_same else MatchReview.State.APART
    still_open = MatchReview.objects.filter(pk=review.pk, state=MatchReview.State.OPEN)
    if not still_open.update(state=state, decided_at=at, decided_by=by):
        raise AlreadyDecided
    if is_same and survivor_of(review.member_id) != survivor_of(review.other_id):
        merge_members(
            kept=Member.objects.get(pk=review.other_id), absorbed=Member.objects.get(pk=review.member_id),
            reason=f"总部核对：{review.get_reason_display()}", evidence={"review": review.pk}, by=by, at=at,
        )  # fmt: skip
