"""A request whose sender is known."""

from django.http import HttpRequest

from stores.models import Staff


class StaffRequest(HttpRequest):
    """What a view behind `login_required` receives: the user is a member of staff, never anonymous."""

    user: Staff


def is_verified(request: HttpRequest) -> bool:
    """Whether this session has given a second factor that still exists (django-otp's middleware looks it up)."""
    return bool(request.user.is_authenticated and getattr(request.user, "otp_device", None))
