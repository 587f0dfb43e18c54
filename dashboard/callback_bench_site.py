"""The site that `bench callback` loads: the real callback behind the real middleware, beside an empty view.

Run by gunicorn in a process of its own, with DATABASE_URL and REDIS_URL of places made for the bench.
"""

import os
from datetime import datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from wecom import registry
from wecom.events import Event


@csrf_exempt
def empty(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- a view has a request
    """Nothing but Django and the middleware."""
    return HttpResponse()


settings.ROOT_URLCONF = __name__
application = get_wsgi_application()
urlpatterns = [path("wecom/", include("wecom.urls")), path("empty/", empty)]  # models need the line above


def _idle(event: Event, *, at: datetime) -> None:
    """Stands for an app, so that each event also makes a job and a message to the broker."""


# The apps' own handlers have benches of their own; here one job per event is what is compared.
for registration in registry.all_registrations():
    registry.unregister(registration.name)
registry.register("change_external_contact", _idle, name="bench.idle")
