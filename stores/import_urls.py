from django.urls import URLPattern, URLResolver, path

from stores import import_views as views

app_name = "imports"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.job_list, name="list"),
    path("new/", views.upload, name="upload"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/progress/", views.progress, name="progress"),
    path("<int:pk>/reopen/", views.reopen, name="reopen"),
    path("<int:pk>/rejected/", views.rejected, name="rejected"),
]
