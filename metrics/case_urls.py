from django.urls import URLPattern, URLResolver, path

from metrics.views import cases

urlpatterns: list[URLPattern | URLResolver] = [
    path("", cases.case_list, name="cases"),
    path("<int:pk>/", cases.detail, name="case"),
    path("<int:pk>/share/", cases.share, name="case_share"),
    path("<int:pk>/dismiss/", cases.dismiss, name="case_dismiss"),
    path("<int:pk>/copy/", cases.copy, name="case_copy"),
]
