"""Who may open which page of figures."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from stores.models import Staff
from stores.requests import StaffRequest

Args = ParamSpec("Args")
View = Callable[Concatenate[StaffRequest, Args], HttpResponseBase]
OFFICE = frozenset({Staff.Role.HQ, Staff.Role.REGION_LEAD})


def office_only(view: View[Args]) -> View[Args]:
    """Behind log-in, for HQ and region leads; a manager is led to her own store's page, a guide finds nothing."""

    @wraps(view)
    def guarded(request: StaffRequest, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponseBase:
        if request.user.role == Staff.Role.MANAGER and request.user.store_id:
            return redirect("metrics:store", pk=request.user.store_id)
        if request.user.role not in OFFICE:
            raise Http404("没有这个页面")
        return view(request, *args, **kwargs)

    return login_required(guarded)  # type: ignore[return-value]


def no_guides(view: View[Args]) -> View[Args]:
    """Behind log-in, for everybody but guides: what a store earns is its manager's business."""

    @wraps(view)
    def guarded(request: StaffRequest, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponseBase:
        if request.user.role == Staff.Role.GUIDE:
            raise Http404("没有这个页面")
        return view(request, *args, **kwargs)

    return login_required(guarded)  # type: ignore[return-value]
