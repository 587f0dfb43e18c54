"""The site under ASGI: Django's pages, and the live lists, which hold thousands of lines open and so go past it."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

from campaigns.h5 import live  # noqa: E402 -- it reads the database, so Django has to be set up first


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Hand each connection to whoever serves it."""
    if live.wants_events(scope):
        await live.serve(scope, receive, send)
    else:
        await pages(scope, receive, send)
