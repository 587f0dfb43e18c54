"""Addresses that stand in what was posted: they never change."""

from django.urls import URLPattern, URLResolver, re_path

from communities.views import short_links

app_name = "links"

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^(?P<token>[0-9A-Za-z]{1,16})/$", short_links.follow, name="follow"),
]
