"""Where providers send their notices, and the sandbox's page to pay on."""

from django.urls import URLPattern, URLResolver, path

from campaigns.views import payments

app_name = "pay"

urlpatterns: list[URLPattern | URLResolver] = [
    path("notify/<slug:key>/", payments.notify, name="notify"),
    path("sandbox/<slug:trade_no>/", payments.sandbox_page, name="sandbox"),
]
