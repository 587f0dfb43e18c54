"""Addresses members open: those in posts never change."""

from django.urls import URLPattern, URLResolver, path

from campaigns.h5 import entering, orders, quiet

app_name = "h5"

urlpatterns: list[URLPattern | URLResolver] = [
    path("enter/", entering.enter, name="enter"),
    path("enter/back/", entering.back, name="back"),
    path("enter/who/", entering.who, name="who"),
    path("leave/", entering.leave, name="leave"),
    path("left/", entering.left, name="left"),
    path("quiet/", quiet.quiet, name="quiet"),
    path("orders/", orders.my_orders, name="orders"),
    path("orders/<slug:token>/", orders.order, name="order"),
]
