from django.urls import URLPattern, URLResolver, path

from communities.views import feedback

app_name = "feedback"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", feedback.feedback, name="feedback"),
    path("export.<str:form>", feedback.export, name="export"),
    path("materials/<int:pk>/", feedback.of_material, name="material"),
    path("cells/<int:pk>/", feedback.of_cell, name="cell"),
    path("suggestions/<int:pk>/accept/", feedback.accept, name="accept"),
    path("suggestions/<int:pk>/dismiss/", feedback.dismiss, name="dismiss"),
]
