from django.urls import URLPattern, URLResolver, path

from metrics.views import goals

urlpatterns: list[URLPattern | URLResolver] = [
    path("", goals.goals, name="goals"),
    path("export.<str:form>", goals.export, name="goals_export"),
    path("stores/<int:pk>/", goals.store_goals, name="goals_store"),
    path("<int:pk>/adjust/", goals.adjust, name="goal_adjust"),
]
