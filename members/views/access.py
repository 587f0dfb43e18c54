"""Who is asking, and the member they may see."""

from django.http import Http404

from members.models import Member
from members.selectors.scope import members_for
from members.selectors.survivors import survivor_of
from stores.requests import StaffRequest


class Moved(Http404):
    """The member was merged into another one that this user may see: an old link, which a page may follow."""

    def __init__(self, survivor: int) -> None:
        super().__init__(survivor)
        self.survivor = survivor


def address_of(request: StaffRequest) -> str | None:
    """Where the request came from, for the audit trail."""
    return request.META.get("REMOTE_ADDR") or None


def member_or_404(request: StaffRequest, pk: int) -> Member:
    """The member, if the user may see her.

    :raises Http404: no such member, or another store's
    :raises Moved: merged into a member the user may see
    """
    visible = members_for(request.user).select_related("home_store")
    member = visible.filter(pk=pk).first()
    if member is not None:
        return member
    survivor = survivor_of(pk)
    if survivor != pk and visible.filter(pk=survivor).exists():
        raise Moved(survivor)
    raise Http404("没有这位会员")
