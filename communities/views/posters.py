"""Posters of a code: a page to print, and files where the server can draw them."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from communities import poster
from communities.models import EntryCode
from communities.views.codes import code_or_404
from stores.requests import StaffRequest

_DRAWERS = {"png": (poster.png, "image/png"), "pdf": (poster.pdf, "application/pdf")}


@require_GET
@login_required
def show(request: StaffRequest, pk: int) -> HttpResponse:
    """The poster as a page whose print is one A5 sheet."""
    code = _printable(request, pk)
    content = _poster(request, code)
    context = {
        "code": code, "poster": content, "may_draw": poster.fonts() is not None,
        "svg": mark_safe(poster.code_svg(content.address)),  # noqa: S308 -- drawn from our own address
    }  # fmt: skip
    return render(request, "communities/poster.html", context)


@require_GET
@login_required
def download(request: StaffRequest, pk: int, form: str) -> HttpResponse:
    """The poster as PNG or PDF; a 404 where this server has no Chinese font."""
    code = _printable(request, pk)
    draw, media_type = _DRAWERS[form]
    try:
        content = draw(_poster(request, code))
    except LookupError:
        raise Http404 from None
    name = f"{code.store.name}-{code}.{form}".replace("/", "-")
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


def _printable(request: StaffRequest, pk: int) -> EntryCode:
    """Nothing is printed before WeCom's config_id is stored."""
    code = code_or_404(request, pk)
    if not code.is_live:
        raise Http404
    return code


def _poster(request: StaffRequest, code: EntryCode) -> poster.Poster:
    return poster.Poster(
        address=request.build_absolute_uri(reverse("entry:code", args=[code.token])),
        bait=code.bait, store=code.store.name, place=code.store.address,
        action="进店里的福利群" if code.is_group else "加店长微信",
    )  # fmt: skip
