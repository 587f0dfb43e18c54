from django.urls import URLPattern, URLResolver, path

from tagging.views import ladders, talks

app_name = "talks"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", talks.mine, name="mine"),
    path("wording/", ladders.wording, name="wording"),
    path("<int:pk>/outcome/", talks.outcome, name="outcome"),
    path("members/<int:pk>/", talks.member, name="member"),
    path("members/<int:pk>/facts/", talks.fact, name="fact"),
    path("members/<int:pk>/complaints/", talks.complain, name="complain"),
    path("members/<int:pk>/complaints/<int:complaint>/settle/", talks.settle, name="settle"),
]
