"""Which address belongs to which app."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("dashboard.urls")),
    path("", include("stores.urls")),
    path("members/", include("members.urls")),
    path("imports/", include("stores.import_urls")),
    path("api/v1/", include("config.api_urls")),
    path("admin/", admin.site.urls),
]
