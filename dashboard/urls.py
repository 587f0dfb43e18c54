from django.urls import URLPattern, URLResolver, path

from dashboard import operation_views, views

app_name = "dashboard"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("stores/<int:pk>/sales/", views.store_sales, name="store_sales"),
    path("operations/", operation_views.operations, name="operations"),
    path("operations/replay/", operation_views.replay, name="replay"),
    path("operations/reconcile/", operation_views.reconcile_now, name="reconcile_now"),
    path("operations/alerts/<int:pk>/clear/", operation_views.clear_alert, name="clear_alert"),
    path("operations/reviews/<int:pk>/", operation_views.decide, name="decide_review"),
    path("operations/departments/<int:pk>/", operation_views.map_store, name="map_department"),
]
