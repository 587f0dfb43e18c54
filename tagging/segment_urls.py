from django.urls import URLPattern, URLResolver, path

from tagging.views import portraits

app_name = "segments"

urlpatterns: list[URLPattern | URLResolver] = [
    path("members/<int:pk>/", portraits.member, name="member"),
]
