from django.urls import URLPattern, URLResolver, path

from stores.views import access

app_name = "stores"

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", access.login, name="login"),
    path("logout/", access.logout, name="logout"),
    path("account/", access.account, name="account"),
    path("account/password/", access.password, name="password"),
]
