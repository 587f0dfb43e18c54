from django.urls import URLPattern, URLResolver, path

from communities.views import handovers

app_name = "handovers"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", handovers.handover_list, name="list"),
    path("new/", handovers.new, name="new"),
    path("refresh/", handovers.refresh, name="refresh"),
    path("<int:pk>/", handovers.detail, name="detail"),
    path("<int:pk>/hurry/", handovers.hurry, name="hurry"),
    path("<int:pk>/drop/", handovers.drop, name="drop"),
]
