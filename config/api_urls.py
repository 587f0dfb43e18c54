"""`/api/v1/`: one entry per resource, each app brings its own operations."""

from django.urls import URLPattern, URLResolver, path

from campaigns import api as campaigns
from campaigns import api_orders as orders
from communities import api as communities
from communities import api_records as records
from members import api as members
from members import api_purchases as purchases
from metrics import api as metrics
from metrics import api_exports as exports
from stores import api as stores
from stores import api_shelf as shelf
from stores import api_webhooks as webhooks

app_name = "api"

urlpatterns: list[URLPattern | URLResolver] = [
    path("stores/", stores.StoreList.as_view(), name="stores"),
    path("stores/<str:code>/", stores.StoreDetail.as_view(), name="store"),
    path("stores/<str:code>/shelf/", shelf.ShelfList.as_view(), name="shelf"),
    path("stores/<str:code>/shelf/<str:product>/", shelf.ShelfItem.as_view(), name="shelf_item"),
    path("members/", members.MemberList.as_view(), name="members"),
    path("members/lookup/", members.MemberLookup.as_view(), name="member_lookup"),
    path("members/<int:pk>/", members.MemberDetail.as_view(), name="member"),
    path("members/<int:pk>/purchases/", members.MemberPurchases.as_view(), name="member_purchases"),
    path("materials/", communities.MaterialList.as_view(), name="materials"),
    path("purchases/", purchases.PurchaseImport.as_view(), name="purchases"),
    path("groups/", records.GroupList.as_view(), name="groups"),
    path("groups/<int:pk>/", records.GroupDetail.as_view(), name="group"),
    path("memberships/", records.MembershipList.as_view(), name="memberships"),
    path("posts/", records.PostList.as_view(), name="posts"),
    path("posts/<int:pk>/", records.PostDetail.as_view(), name="post"),
    path("campaigns/", campaigns.CampaignList.as_view(), name="campaigns"),
    path("campaigns/templates/", campaigns.TemplateList.as_view(), name="campaign_templates"),
    path("campaigns/<int:pk>/", campaigns.CampaignDetail.as_view(), name="campaign"),
    path("orders/", orders.OrderList.as_view(), name="orders"),
    path("orders/redeem/", orders.OrderRedeem.as_view(), name="order_redeem"),
    path("orders/<int:pk>/", orders.OrderDetail.as_view(), name="order"),
    path("metrics/", metrics.MetricList.as_view(), name="metrics"),
    path("metrics/readings/", metrics.ReadingList.as_view(), name="metric_readings"),
    path("exports/", exports.ExportList.as_view(), name="exports"),
    path("exports/<int:pk>/", exports.ExportDetail.as_view(), name="export"),
    path("exports/<int:pk>/file/", exports.ExportFile.as_view(), name="export_file"),
    path(
        "webhooks/tests/<uuid:event_id>/acknowledge/",
        webhooks.WebhookTestReceived.as_view(),
        name="webhook_test_received",
    ),
    path("<path:rest>", stores.Nowhere.as_view()),
]
