from django.urls import URLPattern, URLResolver, path, re_path

from metrics.views import experiments, lift

app_name = "proof"

urlpatterns: list[URLPattern | URLResolver] = [
    path("lift/", lift.studies, name="lift"),
    path("lift/<int:pk>/", lift.study, name="study"),
    path("experiments/", experiments.experiments, name="experiments"),
    path("experiments/new/", experiments.draft, name="draft"),
    path("experiments/size/", experiments.sample_size, name="size"),
    path("experiments/<int:pk>/", experiments.experiment, name="experiment"),
    re_path(r"^experiments/(?P<pk>\d{1,18})/(?P<deed>start|stop|decide)/$", experiments.act, name="act"),
]
