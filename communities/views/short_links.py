"""What a customer meets who taps a link in a group: our redirect, which counts her and lets her pass."""

import re
import secrets

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from communities import visitors
from communities.models import ShortLink
from communities.services.feedback.clicking import count_click, is_machine
from communities.short_links import destination

log = structlog.get_logger(__name__)
COOKIE = "dq_visitor"
_LASTS = 400 * 24 * 3600  # seconds; browsers keep none longer
_VISITOR = re.compile(r"[A-Za-z0-9_-]{22}")


@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Lead to what the link was made for, and nowhere else; who is not counted is led there all the same."""
    try:
        link = ShortLink.objects.filter(token=token).only("target", "task_id", "day").first()
    except DatabaseError:
        log.exception("short_link_unreadable")
        return HttpResponse("页面暂时打不开，请稍后再试", status=503, headers={"Retry-After": "5"})
    if link is None:
        raise Http404("这个链接已失效")
    response = HttpResponseRedirect(destination(link.target, token=token))
    response["Cache-Control"] = "no-store"
    if _is_person(request):
        _count(request, link, response)
    return response


def _is_person(request: HttpRequest) -> bool:
    purpose = " ".join(request.headers.get(name, "") for name in ("Purpose", "Sec-Purpose", "X-Moz", "X-Purpose"))
    is_ahead = "prefetch" in purpose or "preview" in purpose  # a browser that looks before its owner taps
    return request.method == "GET" and not is_ahead and not is_machine(request.headers.get("User-Agent", ""))


def _count(request: HttpRequest, link: ShortLink, response: HttpResponse) -> None:
    known = request.COOKIES.get(COOKIE, "")
    visitor = known if _VISITOR.fullmatch(known) else secrets.token_urlsafe(16)
    try:
        with transaction.atomic():
            count_click(link=link, visitor=visitor, member_id=visitors.member_of(request), at=timezone.now())
    except DatabaseError:
        log.exception("click_not_counted", link=link.pk)  # she gets where she wants to
    response.set_cookie(
        COOKIE, visitor, max_age=_LASTS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
