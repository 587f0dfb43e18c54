from django.urls import URLPattern, URLResolver, path

from tagging.views import questionnaire_editor, questionnaires

app_name = "questionnaires"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", questionnaires.questionnaire_list, name="list"),
    path("new/", questionnaire_editor.edit, name="new"),
    path("<int:pk>/", questionnaires.detail, name="detail"),
    path("<int:pk>/edit/", questionnaire_editor.edit, name="edit"),
    path("<int:pk>/change/", questionnaires.change, name="change"),
    path("<int:pk>/export.csv", questionnaires.export, name="export"),
]
