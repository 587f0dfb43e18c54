from django.urls import path

from wecom import jssdk_views, views

app_name = "wecom"

urlpatterns = [
    path("callback/", views.callback, name="callback"),
    path("jssdk/", jssdk_views.signatures, name="jssdk"),
]
