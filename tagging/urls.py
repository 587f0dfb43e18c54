from django.urls import URLPattern, URLResolver, path

from tagging.views import members, tastes

app_name = "tastes"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", tastes.product_list, name="list"),
    path("<int:pk>/", tastes.product, name="product"),
    path("<int:pk>/audience/", tastes.audience, name="audience"),
    path("members/<int:pk>/", members.member_taste, name="member"),
]
