from django.urls import URLPattern, URLResolver, path

from stores.views import access, integrations, second_factor, stores, wecom_login

app_name = "stores"

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", access.login, name="login"),
    path("login/wecom/", wecom_login.start, name="wecom_login"),
    path("login/wecom/return/", wecom_login.finish, name="wecom_return"),
    path("login/code/", second_factor.code, name="login_code"),
    path("login/enrol/", second_factor.first_enrolment, name="login_enrol"),
    path("logout/", access.logout, name="logout"),
    path("account/", access.account, name="account"),
    path("account/password/", access.password, name="password"),
    path("account/second-factor/", second_factor.overview, name="second_factor"),
    path("account/second-factor/verify/", second_factor.verify, name="verify"),
    path("account/second-factor/codes/", second_factor.new_codes, name="recovery_codes"),
    path("account/integrations/", integrations.overview, name="integrations"),
    path("account/integrations/tokens/new/", integrations.new_token, name="new_token"),
    path("account/integrations/tokens/<int:pk>/revoke/", integrations.revoke, name="revoke_token"),
    path("account/integrations/webhooks/new/", integrations.new_endpoint, name="new_webhook"),
    path("account/integrations/webhooks/<int:pk>/", integrations.endpoint_detail, name="webhook"),
    path("account/integrations/webhooks/<int:pk>/<str:deed>/", integrations.act, name="webhook_act"),
    path("stores/", stores.store_list, name="list"),
    path("stores/<int:pk>/", stores.detail, name="detail"),
    path("stores/<int:pk>/stage/", stores.move_stage, name="move_stage"),
    path("stores/<int:pk>/shelf/<int:item_pk>/", stores.shelf_item, name="shelf_item"),
]
