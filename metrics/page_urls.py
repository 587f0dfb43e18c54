from django.urls import URLPattern, URLResolver, path

from metrics.views import compare, exports, overview, ranking, saved, stores

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("heat/", overview.heat, name="heat"),
    path("trend/", overview.trend, name="trend"),
    path("places/", overview.places, name="places"),
    path("regions/<int:pk>/", overview.region, name="region"),
    path("stores/", ranking.ranking, name="ranking"),
    path("stores/<int:pk>/", stores.store, name="store"),
    path("stores/<int:pk>/<slug:name>/", stores.store_part, name="store_part"),
    path("groups/<int:pk>/", stores.group, name="group"),
    path("compare/", compare.compare, name="compare"),
    path("definitions/", saved.definitions, name="definitions"),
    path("views/", saved.saved, name="saved"),
    path("views/save/", saved.save, name="save_view"),
    path("views/<int:pk>/<slug:deed>/", saved.change, name="change_view"),
    path("exports/", exports.export_list, name="exports"),
    path("exports/<int:pk>/", exports.progress, name="export_progress"),
    path("exports/<int:pk>/file/", exports.fetch, name="export_file"),
    path("export/<slug:table>.<str:form>", exports.export, name="export"),
    path("export/<slug:table>/<int:subject>.<str:form>", exports.export, name="export_of"),
]
