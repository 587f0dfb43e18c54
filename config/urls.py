"""Which address belongs to which app. `/healthz`, `/readyz` and `/metrics` are answered before (`config.health`)."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from config.media import campaign_picture, product_picture

handler404 = "stores.rest.errors.not_found"
handler500 = "stores.rest.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("dashboard.urls")),
    path("", include("stores.urls")),
    path("members/", include("members.urls")),
    path("talks/", include("tagging.talk_urls")),
    path("segments/", include("tagging.segment_urls")),
    path("questionnaires/", include("tagging.questionnaire_urls")),
    path("imports/", include("stores.import_urls")),
    path("codes/", include("communities.code_urls")),
    path("", include("communities.entry_urls")),
    path("s/", include("communities.link_urls")),
    path("groups/", include("communities.group_urls")),
    path("welcomes/", include("communities.welcome_urls")),
    path("handovers/", include("communities.handover_urls")),
    path("tastes/", include("tagging.urls")),
    path("materials/", include("communities.material_urls")),
    path("plan/", include("communities.plan_urls")),
    path("h/", include("campaigns.h5.urls")),
    path("campaigns/", include("campaigns.staff_urls")),
    path("pay/", include("campaigns.pay_urls")),
    path("feedback/", include("communities.feedback_urls")),
    path("metrics/", include("metrics.urls")),
    path("wecom/", include("wecom.urls")),
    path("api/mini/v1/", include("campaigns.mini.urls")),
    path("api/v1/", include("config.api_urls")),
    path("api/", include("config.api_docs")),
    path("media/products/<path:name>", product_picture, name="product_picture"),
    re_path(r"^media/(?P<folder>campaigns|units)/(?P<name>.+)$", campaign_picture, name="campaign_picture"),
    path("admin/", admin.site.urls),
]
