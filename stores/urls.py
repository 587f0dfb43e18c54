from django.urls import URLPattern, URLResolver, path

from stores.views import access, stores

app_name = "stores"

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", access.login, name="login"),
    path("logout/", access.logout, name="logout"),
    path("account/", access.account, name="account"),
    path("account/password/", access.password, name="password"),
    path("stores/", stores.store_list, name="list"),
    path("stores/<int:pk>/", stores.detail, name="detail"),
    path("stores/<int:pk>/stage/", stores.move_stage, name="move_stage"),
    path("stores/<int:pk>/shelf/<int:item_pk>/", stores.shelf_item, name="shelf_item"),
]
