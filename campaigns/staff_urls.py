"""活动 as staff run it."""

from django.urls import URLPattern, URLResolver, path

from campaigns.views import chains, handing, money, pasting, pieces, plays

app_name = "campaigns"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", chains.campaign_list, name="list"),
    path("new/", chains.new, name="new"),
    path("new/<slug:play>/", plays.new, name="new_play"),
    path("templates/", chains.templates, name="templates"),
    path("templates/<int:pk>/retire/", chains.retire_template, name="retire_template"),
    path("money/refunds/", money.refunds, name="refunds"),
    path("money/refunds/<int:pk>/<str:deed>/", money.act_on_refund, name="act_on_refund"),
    path("money/differences/", money.differences, name="differences"),
    path("money/differences/<int:pk>/settle/", money.settle_difference, name="settle_difference"),
    path("redeem/", handing.desk, name="redeem"),
    path("redeem/<slug:token>/", handing.redeem_order, name="redeem_order"),
    path("<int:pk>/", chains.detail, name="detail"),
    path("<int:pk>/play/", plays.detail, name="play"),
    path("<int:pk>/pieces/", pieces.pieces, name="pieces"),
    path("<int:pk>/pieces/<int:unit_pk>/withdraw/", pieces.withdraw, name="withdraw"),
    path("<int:pk>/orders/<int:order_pk>/cancel/", handing.cancel, name="cancel"),
    path("<int:pk>/print/", handing.prints, name="print"),
    path("<int:pk>/copy/", handing.copied, name="copy"),
    path("<int:pk>/paste/", pasting.paste, name="paste"),
    path("<int:pk>/paste/confirm/", pasting.confirm, name="paste_confirm"),
    path("<int:pk>/<str:deed>/", chains.act, name="act"),
]
