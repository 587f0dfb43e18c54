"""Addresses under `metrics/`: one module per part of the app, included here."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "metrics"
urlpatterns: list[URLPattern | URLResolver] = [
    path("alerts/", include("metrics.alert_urls")),
    path("", include("metrics.proof_urls")),
    path("goals/", include("metrics.goal_urls")),
    path("", include("metrics.page_urls")),
    path("league/", include("metrics.league_urls")),
    path("cases/", include("metrics.case_urls")),
]
