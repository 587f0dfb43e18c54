"""Addresses members open: those in posts never change."""

from django.urls import URLPattern, URLResolver, path

from campaigns.h5 import chain, entering, group_buy, one_yuan, orders, places, questionnaires, quiet

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
    path("orders/<slug:token>/pay/", orders.pay, name="pay"),
    path("orders/<slug:token>/accept/", orders.accept, name="accept"),
    path("orders/<slug:token>/cancel/", orders.cancel, name="cancel"),
    path("team/<slug:token>/", group_buy.team, name="team"),
    path("friend/<slug:token>/", one_yuan.friend, name="friend"),
    path("ask/<slug:token>/", questionnaires.ask, name="ask"),
    path("ask/<slug:token>/thanks/", questionnaires.asked, name="asked"),
    path("ask/<slug:token>/<slug:place>/", questionnaires.ask, name="ask_at"),
    path("<slug:token>/", places.campaign, name="campaign"),
    path("<slug:token>/team-up/", group_buy.team_up, name="team_up"),
    path("<slug:token>/first/", one_yuan.first, name="first"),
    path("<slug:token>/join/", chain.join, name="join"),
    path("<slug:token>/wait/", chain.wait, name="wait"),
    path("<slug:token>/wait/leave/", chain.leave, name="leave_queue"),
    path("<slug:token>/entries/", chain.entries, name="entries"),
    path("<slug:token>/live/", chain.live, name="live"),
]
