"""The site that `bench dashboard` looks at: the real addresses beside an empty view."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path


@login_required
def empty(_request: HttpRequest) -> HttpResponse:
    """Nothing but Django, its middleware, the session and the user."""
    return HttpResponse()


urlpatterns: list[URLPattern | URLResolver] = [path("empty/", empty), path("", include("config.urls"))]
