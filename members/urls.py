from django.urls import URLPattern, URLResolver, path

from members.views import exports, lists, merges, profiles

app_name = "members"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", lists.member_list, name="list"),
    path("export.<str:form>", exports.export, name="export"),
    path("merges/", merges.merge_list, name="merges"),
    path("<int:pk>/", profiles.member_detail, name="detail"),
    path("<int:pk>/reveal/<int:identity_pk>/", profiles.reveal, name="reveal"),
    path("<int:pk>/consents/", profiles.consent, name="consent"),
    path("<int:pk>/merge/", merges.merge, name="merge"),
    path("<int:pk>/merge/find/", merges.merge_find, name="merge_find"),
]
