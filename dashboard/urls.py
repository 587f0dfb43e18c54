from django.urls import URLPattern, URLResolver, path

from dashboard import department_views, execution_views, operation_views, sidebar_views, today_views, views

app_name = "dashboard"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("today/", today_views.today, name="today"),
    path("today/posts/<int:pk>/sent/", today_views.declare, name="today_declare"),
    path("today/posts/<int:pk>/confirm/", today_views.confirm, name="today_confirm"),
    path("today/posts/<int:pk>/undo/", today_views.take_back, name="today_take_back"),
    path("today/posts/<int:pk>/swap/", today_views.swap, name="today_swap"),
    path("today/skip/", today_views.skip, name="today_skip"),
    path("today/tapped/", today_views.tapped, name="today_tapped"),
    path("sidebar/", sidebar_views.sidebar, name="sidebar"),
    path("sidebar/posts/", sidebar_views.posts, name="sidebar_posts"),
    path("sidebar/posts/<int:pk>/part/<int:number>/", sidebar_views.part, name="sidebar_part"),
    path("execution/", execution_views.execution, name="execution"),
    path("execution/export.<str:form>", execution_views.export, name="execution_export"),
    path("execution/urge/", execution_views.urge_selected, name="execution_urge"),
    path("execution/stores/<int:pk>/", execution_views.store_execution, name="execution_store"),
    path("execution/posts/<int:pk>/", execution_views.post_life, name="execution_post"),
    path("stores/<int:pk>/today/", today_views.store_today, name="store_today"),
    path("stores/<int:pk>/sales/", views.store_sales, name="store_sales"),
    path("operations/", operation_views.operations, name="operations"),
    path("operations/drift/<int:pk>/", operation_views.drift, name="drift"),
    path("operations/replay/", operation_views.replay, name="replay"),
    path("operations/reconcile/", operation_views.reconcile_now, name="reconcile_now"),
    path("operations/alerts/<int:pk>/clear/", operation_views.clear_alert, name="clear_alert"),
    path("operations/reviews/<int:pk>/", operation_views.decide, name="decide_review"),
    path("operations/departments/", department_views.departments, name="departments"),
    path("operations/departments/<int:pk>/", department_views.remap, name="remap"),
]
