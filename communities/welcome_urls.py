from django.urls import URLPattern, URLResolver, path

from communities.views import group_welcomes, welcomes

app_name = "welcomes"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", welcomes.text_list, name="list"),
    path("edit/", welcomes.edit, name="edit"),
    path("preview/", welcomes.preview, name="preview"),
    path("reset/", welcomes.reset, name="reset"),
    path("groups/", group_welcomes.template_list, name="groups"),
    path("groups/new/", group_welcomes.new, name="group_new"),
    path("groups/<int:pk>/", group_welcomes.edit, name="group_edit"),
    path("groups/<int:pk>/delete/", group_welcomes.delete, name="group_delete"),
]
