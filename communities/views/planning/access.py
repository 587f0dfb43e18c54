"""Who may open the pages of the plan, and what their addresses mean."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from communities.models import Slot
from communities.squares import Column
from stores.models import Staff
from stores.requests import StaffRequest

OFFICE = (Staff.Role.HQ, Staff.Role.REGION_LEAD)


def refuse_strangers(request: StaffRequest) -> None:
    """The plan is HQ's to change and the office's to read. :raises Http404:"""
    if request.user.role not in OFFICE:
        raise Http404


def refuse_all_but_hq(request: StaffRequest) -> None:
    """:raises Http404:"""
    if not request.user.is_hq:
        raise Http404


def slot_or_404(number: str) -> Slot:
    return get_object_or_404(Slot, pk=number if number.isdigit() else 0)


def column_or_404(code: str) -> Column:
    try:
        return Column.parse(code)
    except ValueError:
        raise Http404 from None
