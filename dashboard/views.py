"""Where people land."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from stores.requests import StaffRequest


@require_GET
@login_required
def home(request: StaffRequest) -> HttpResponse:
    """The overview for HQ and region leads; store staff go straight to their store."""
    return redirect("stores:account")
