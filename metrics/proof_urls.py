from django.urls import URLPattern, URLResolver, path

from metrics.views import lift

app_name = "proof"

urlpatterns: list[URLPattern | URLResolver] = [
    path("lift/", lift.studies, name="lift"),
    path("lift/<int:pk>/", lift.study, name="study"),
]
