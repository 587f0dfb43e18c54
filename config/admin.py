"""The back office is for the chain's own administrators."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest


class SuperuserAdminSite(AdminSite):
    """Django's admin, closed to everyone but superusers: `is_staff` alone opens nothing."""

    site_header = site_title = "店圈后台"
    index_title = "数据"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether this user may enter at all."""
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))
