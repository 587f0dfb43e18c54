"""The back office is for the chain's own administrators."""

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from stores.requests import is_verified
from stores.views import coming_in

if TYPE_CHECKING:
    from stores.models import Staff


class SuperuserAdminSite(AdminSite):
    """Django's admin, closed to everyone but superusers: `is_staff` alone opens nothing.

    However the session was opened, it needs its second factor here: always where the chain requires one, elsewhere
    of those who have one.
    """

    site_header = site_title = "店圈后台"
    index_title = "数据"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether this user may enter at all, now."""
        return _is_administrator(request) and (is_verified(request) or not _owes_a_code(request))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002 -- Django's signature
        """One way in for everybody: the site's own log-in page, then the code."""
        page = coming_in.asked_page(request, request.GET.get("next") or request.path.removesuffix("login/"))
        if not request.user.is_authenticated:
            return redirect_to_login(page)
        if not _is_administrator(request):
            raise PermissionDenied
        if self.has_permission(request):
            return redirect(page)
        return redirect(coming_in.verify_address(page=page))


def _is_administrator(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


def _owes_a_code(request: HttpRequest) -> bool:
    from stores.services.second_factor import device_of  # models are not loaded when the site is made

    return settings.TOTP_REQUIRED or device_of(staff=cast("Staff", request.user)) is not None
