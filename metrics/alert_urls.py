from django.urls import URLPattern, URLResolver, path

from metrics.views import alerts

urlpatterns: list[URLPattern | URLResolver] = [
    path("", alerts.alert_list, name="alerts"),
    path("rules/", alerts.rule_list, name="alert_rules"),
    path("<int:pk>/take/", alerts.take, name="alert_take"),
    path("<int:pk>/release/", alerts.release, name="alert_release"),
    path("<int:pk>/resolve/", alerts.resolve, name="alert_resolve"),
]
