from django.urls import URLPattern, URLResolver, path, re_path

from communities.views import content_rules, material_files, materials

app_name = "materials"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", materials.material_list, name="list"),
    path("new/", materials.new, name="new"),
    path("preview/", materials.preview, name="preview"),
    path("upload/", material_files.upload, name="upload"),
    re_path(r"^files/(?P<pk>\d+)/(?P<form>full|small)/$", material_files.show, name="file"),
    path("checks/", content_rules.rules, name="rules"),
    path("checks/words/", content_rules.words, name="words"),
    path("checks/words/<int:pk>/remove/", content_rules.remove_word, name="remove_word"),
    path("<int:pk>/", materials.edit, name="edit"),
    path("<int:pk>/archive/", materials.archive, name="archive"),
    path("<int:pk>/restore/", materials.restore, name="restore"),
    path("<int:pk>/copy/", materials.copy, name="copy"),
    path("<int:pk>/versions/<int:number>/", materials.bring_back, name="bring_back"),
]
