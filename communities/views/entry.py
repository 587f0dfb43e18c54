"""What a customer sees who scanned a printed code: nobody logs in here.

The print holds our address, not WeCom's picture: what is behind it can be mended without printing again, and
openings are counted.
"""

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from communities.models import EntryCode
from communities.selectors.nearby import nearest_code
from communities.services import counting
from wecom.fetching import Fetched, FetchRefused
from wecom.pictures import code_picture

_PICTURE_SECONDS = 3_600


@require_GET
def code(request: HttpRequest, token: str) -> HttpResponse:
    """The code to press, with what it promises."""
    found = get_object_or_404(EntryCode.objects.select_related("store"), token=token)
    counting.count_scan(code=found, at=timezone.now())
    has_picture = found.is_live and _picture(found) is not None
    response = render(request, "communities/entry.html", {"code": found, "has_picture": has_picture})
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def picture(request: HttpRequest, token: str) -> HttpResponse:  # noqa: ARG001 -- Django hands it over
    """WeCom's picture of a code, from our own address: the policy of our pages allows no other."""
    found = get_object_or_404(EntryCode.objects.live(), token=token)
    fetched = _picture(found)
    if fetched is None:
        raise Http404
    response = HttpResponse(fetched.content, content_type=fetched.media_type)
    response["Cache-Control"] = "private, max-age=600"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"  # an SVG runs nothing
    return response


def _picture(found: EntryCode) -> Fetched | None:
    key = f"entry-picture:{found.pk}:{found.config_id}"
    kept = cache.get(key)
    if kept is not None:
        return Fetched(*kept)
    try:
        fetched = code_picture(found.qr_url)
    except FetchRefused:
        return None
    cache.set(key, (fetched.content, fetched.media_type), _PICTURE_SECONDS)
    return fetched


@require_GET
def near(request: HttpRequest) -> HttpResponse:
    """The nearest open store's code; without a position the page asks the phone for one."""
    position = _position(request)
    found = nearest_code(latitude=position[0], longitude=position[1]) if position else None
    if found is not None:
        return redirect("entry:code", token=found.code.token)
    response = render(request, "communities/near.html", {
        "is_out_of_reach": position is not None, "service_url": settings.CUSTOMER_SERVICE_URL,
    })  # fmt: skip
    response["Permissions-Policy"] = "geolocation=(self)"  # the one page of ours that asks
    response["Cache-Control"] = "no-store"
    return response


def _position(request: HttpRequest) -> tuple[float, float] | None:
    try:
        latitude, longitude = float(request.GET["lat"]), float(request.GET["lng"])
    except (KeyError, ValueError):
        return None
    on_earth = abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004 -- degrees; NaN fails both
    return (latitude, longitude) if on_earth else None
