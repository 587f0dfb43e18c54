from django.urls import URLPattern, URLResolver, path

from communities.views import groups

app_name = "communities"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", groups.group_list, name="list"),
    path("<int:pk>/", groups.classify, name="classify"),
]
