from django.urls import URLPattern, URLResolver, path

from communities.views.planning import cells, copying, grid, publishing, settings, stores

app_name = "plan"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", grid.grid, name="grid"),
    path("draft/", grid.start, name="start"),
    path("draft/discard/", grid.discard, name="discard"),
    path("cells/new/", cells.new_cell, name="new_cell"),
    path("cells/<int:pk>/", cells.cell, name="cell"),
    path("cells/<int:pk>/remove/", cells.remove_cell, name="remove_cell"),
    path("materials/", cells.materials, name="materials"),
    path("copy/", copying.copy, name="copy"),
    path("publish/", publishing.publish, name="publish"),
    path("publish/effect/", publishing.effect, name="effect"),
    path("versions/", publishing.versions, name="versions"),
    path("versions/<int:pk>/revert/", publishing.revert, name="revert"),
    path("hours/", settings.hours, name="hours"),
    path("hours/<int:pk>/drop/", settings.drop_region_hour, name="drop_region_hour"),
    path("calendar/", settings.calendar, name="calendar"),
    path("calendar/import/", settings.import_year, name="import_year"),
    path("calendar/<int:pk>/drop/", settings.drop_day, name="drop_day"),
    path("quota/", settings.quota, name="quota"),
    path("quota/<int:pk>/drop/", settings.drop_quota_rule, name="drop_quota_rule"),
    path("preview/", stores.preview, name="preview"),
    path("mine/", stores.mine, name="mine"),
    path("mine/<str:day>/<int:number>/", stores.pick, name="pick"),
    path("mine/<int:pk>/back/", stores.put_back, name="put_back"),
]
