"""Who of the staff sees and runs which campaign; what lies outside is not found."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from campaigns.models import Campaign
from campaigns.selectors.staffing import campaigns_for
from stores.models import Staff, Store
from stores.requests import StaffRequest
from stores.selectors import stores_for


def campaign_or_404(request: StaffRequest, pk: int) -> Campaign:
    """A campaign of the stores this person sees."""
    return get_object_or_404(campaigns_for(request.user).select_related("store", "rerun_of"), pk=pk)


def store_of(request: StaffRequest, campaign: Campaign) -> Store:
    """The store a page is about: one's own, the campaign's, or the one asked for."""
    stores = stores_for(request.user)
    if request.user.store_id is not None:
        return get_object_or_404(stores, pk=request.user.store_id)
    if campaign.store_id is not None:
        return get_object_or_404(stores, pk=campaign.store_id)
    code = request.GET.get("s", "") or request.POST.get("s", "")
    here = stores.filter(pk__in=campaign.boards.values("store")).order_by("code")
    found = here.filter(code=code).first() if code else here.first()
    if found is None:
        raise Http404
    return found


def may_run(user: Staff) -> bool:
    """Opening, changing and stopping is the manager's and HQ's."""
    return user.is_hq or user.role == Staff.Role.MANAGER


def refuse_strangers(request: StaffRequest) -> None:
    """:raises Http404: for those who may look but not run"""
    if not may_run(request.user):
        raise Http404


def runnable_or_404(request: StaffRequest, pk: int) -> Campaign:
    """A campaign this person may change: HQ any, a manager the own store's."""
    refuse_strangers(request)
    found = campaign_or_404(request, pk)
    if not request.user.is_hq and found.store_id != request.user.store_id:
        raise Http404
    return found
