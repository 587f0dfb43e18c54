"""The API's own pages: the schema for programs, the browser for people; everything served from here."""

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

# Swagger UI writes <style> elements; its script is a file of its own (the split view), so scripts stay strict.
_swagger = SpectacularSwaggerSplitView.as_view(url_name="api_schema")
_docs = csp_update({"style-src": ["'unsafe-inline'"]})(login_required(_swagger))

urlpatterns: list[URLPattern] = [
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", _docs, name="api_docs"),
]
