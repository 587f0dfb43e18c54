from django.urls import URLPattern, URLResolver, path

from tagging.views import builder, portraits, segments, tags

app_name = "segments"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", segments.segment_list, name="list"),
    path("new/", builder.edit, name="new"),
    path("tags/", tags.tag_list, name="tags"),
    path("tags/new/", tags.make, name="make_tag"),
    path("tags/group/", tags.change_group, name="change_group"),
    path("tags/<int:pk>/", tags.change_tag, name="change_tag"),
    path("reach/", builder.reach, name="reach"),
    path("<int:pk>/", segments.detail, name="detail"),
    path("<int:pk>/edit/", builder.edit, name="edit"),
    path("<int:pk>/archive/", segments.archive, name="archive"),
    path("<int:pk>/snapshots/", segments.snapshot, name="snapshot"),
    path("<int:pk>/tag/", segments.tag, name="tag"),
    path("<int:pk>/why/<int:member>/", segments.why, name="why"),
    path("<int:pk>/export.csv", segments.export, name="export"),
    path("members/<int:pk>/", portraits.member, name="member"),
    path("members/<int:pk>/tags/", portraits.wear, name="wear"),
]
