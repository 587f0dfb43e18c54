from django.urls import URLPattern, URLResolver, path, re_path

from communities.views import codes, posters

app_name = "codes"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", codes.code_list, name="list"),
    path("new/", codes.order, name="order"),
    path("bulk/", codes.bulk, name="bulk"),
    path("alerts/", codes.alerts, name="alerts"),
    path("<int:pk>/", codes.detail, name="detail"),
    path("<int:pk>/again/", codes.again, name="again"),
    path("<int:pk>/retire/", codes.retire, name="retire"),
    path("<int:pk>/poster/", posters.show, name="poster"),
    re_path(r"^(?P<pk>\d+)/poster\.(?P<form>png|pdf)$", posters.download, name="download"),
]
