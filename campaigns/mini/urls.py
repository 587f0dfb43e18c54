"""`/api/mini/v1/`: what a mini-program of the chain may ask on a member's behalf."""

from django.urls import URLPattern, path

from campaigns.mini import campaigns, orders

app_name = "mini"

urlpatterns: list[URLPattern] = [
    path("session/", orders.Session.as_view(), name="session"),
    path("campaigns/<slug:token>/", campaigns.CampaignDetail.as_view(), name="campaign"),
    path("campaigns/<slug:token>/orders/", campaigns.Claims.as_view(), name="claims"),
    path("campaigns/<slug:token>/queue/", campaigns.Queue.as_view(), name="queue"),
    path("teams/<slug:token>/", campaigns.TeamDetail.as_view(), name="team"),
    path("orders/", orders.MyOrders.as_view(), name="orders"),
    path("orders/<slug:token>/", orders.OrderDetail.as_view(), name="order"),
    path("orders/<slug:token>/pay/", orders.Pay.as_view(), name="pay"),
    path("orders/<slug:token>/cancel/", orders.Cancel.as_view(), name="cancel"),
    path("orders/<slug:token>/accept/", orders.Accept.as_view(), name="accept"),
]
