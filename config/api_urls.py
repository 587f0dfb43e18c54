"""`/api/v1/`: one entry per resource, each app brings its own operations."""

from django.urls import URLPattern, URLResolver

app_name = "api"

urlpatterns: list[URLPattern | URLResolver] = []
