"""Addresses that are printed: they never change."""

from django.urls import URLPattern, URLResolver, path

from communities.views import entry

app_name = "entry"

urlpatterns: list[URLPattern | URLResolver] = [
    path("near/", entry.near, name="near"),
    path("c/<slug:token>/", entry.code, name="code"),
    path("c/<slug:token>/code/", entry.picture, name="picture"),
]
