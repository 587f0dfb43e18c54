"""A request whose sender is known."""

from django.http import HttpRequest

from stores.models import Staff


class StaffRequest(HttpRequest):
    """What a view behind `login_required` receives: the user is a member of staff, never anonymous."""

    user: Staff
