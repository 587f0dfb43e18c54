"""One template, two ways to ask for it: a whole page, or the part that htmx swaps."""

from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails


def render_page(request: HttpRequest, template: str, context: dict[str, Any], *, partial: str) -> HttpResponse:
    """The partial when htmx asks to swap something in, else the whole page.

    Both live at one address, so the answer varies by the headers that tell them apart: without that the browser's
    back button shows a bare fragment. A history restore wants the whole page although htmx asks for it.
    """
    details = cast("HtmxDetails", request.htmx)  # type: ignore[attr-defined]
    wants_part = bool(details) and not details.history_restore_request
    response = render(request, f"{template}#{partial}" if wants_part else template, context)
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request"])
    return response
