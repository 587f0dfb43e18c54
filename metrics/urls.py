"""Addresses under `metrics/`: one module per part of the app, included here."""

from django.urls import URLPattern, URLResolver

app_name = "metrics"
urlpatterns: list[URLPattern | URLResolver] = []
