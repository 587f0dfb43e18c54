from django.urls import URLPattern, URLResolver

app_name = "stores"

urlpatterns: list[URLPattern | URLResolver] = []
