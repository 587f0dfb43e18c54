"""`/api/v1/`: one entry per resource, each app brings its own operations."""

from django.urls import URLPattern, URLResolver, path

from communities import api as communities
from members import api as members
from stores import api as stores

app_name = "api"

urlpatterns: list[URLPattern | URLResolver] = [
    path("stores/", stores.StoreList.as_view(), name="stores"),
    path("stores/<str:code>/", stores.StoreDetail.as_view(), name="store"),
    path("members/", members.MemberList.as_view(), name="members"),
    path("members/lookup/", members.MemberLookup.as_view(), name="member_lookup"),
    path("members/<int:pk>/", members.MemberDetail.as_view(), name="member"),
    path("members/<int:pk>/purchases/", members.MemberPurchases.as_view(), name="member_purchases"),
    path("materials/", communities.MaterialList.as_view(), name="materials"),
    path("<path:rest>", stores.Nowhere.as_view()),
]
