from django.urls import URLPattern, URLResolver, path

from metrics.views import league

urlpatterns: list[URLPattern | URLResolver] = [
    path("", league.league, name="league"),
    path("stores/<int:pk>/", league.store_league, name="league_store"),
]
