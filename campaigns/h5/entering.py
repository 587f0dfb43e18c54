"""Logging in as a member: by WeChat without a tap, in the demo by saying who one is."""

import secrets

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.h5 import oauth
from campaigns.h5.pages import gone, open_page, safe_path
from campaigns.h5.session import forget, remember
from members.models import Member

_COOKIE, _SALT = "dq_enter", "campaigns.h5.enter"
_MINUTES = 10
_SHOWN = 12


@require_GET
@open_page
def enter(request: HttpRequest) -> HttpResponse:
    """To WeChat, which sends her back by itself; the state is this browser's, so nobody logs in as another."""
    wanted = safe_path(request, request.GET.get("next", ""))
    if oauth.is_configured():
        state = secrets.token_hex(16)
        back = f"{settings.SITE_URL}{reverse('h5:back')}"
        response = redirect(oauth.authorize_url(back_to=back, state=state))
        response.set_cookie(
            _COOKIE, signing.dumps([state, wanted], salt=_SALT), max_age=_MINUTES * 60, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip
        return response
    if oauth.demo_door_is_open():
        return redirect(f"{reverse('h5:who')}?next={wanted}")
    return gone(request, title="请在微信里打开", text="这个页面要在微信里、从群里的链接打开。", status=503)


@require_GET
@open_page
def back(request: HttpRequest) -> HttpResponse:
    """WeChat's answer: a code, for whom we asked."""
    try:
        state, wanted = signing.loads(request.COOKIES.get(_COOKIE, ""), salt=_SALT, max_age=_MINUTES * 60)
    except signing.BadSignature:
        return _again(request)
    code = request.GET.get("code", "")
    if not code or not secrets.compare_digest(state, request.GET.get("state", "")):
        return _again(request)
    try:
        visitor = oauth.visitor_of(code)
    except oauth.NotLetIn:
        return _again(request)
    response = redirect(wanted)
    remember(response, oauth.member_behind(visitor, at=timezone.now()))
    response.delete_cookie(_COOKIE)
    return response


@require_http_methods(["GET", "POST"])
@open_page
def who(request: HttpRequest) -> HttpResponse:
    """The demo's door: a list of members to be one of."""
    if not oauth.demo_door_is_open():
        raise Http404
    wanted = safe_path(request, request.POST.get("next", "") or request.GET.get("next", ""))
    if request.method == "POST":
        member = get_object_or_404(Member.objects.filter(merged_into=None), pk=request.POST.get("member") or 0)
        response = redirect(wanted)
        remember(response, member)
        return response
    text = request.GET.get("q", "").strip()[:64]
    members = Member.objects.filter(merged_into=None).exclude(name="").select_related("home_store")
    found = members.filter(name__icontains=text) if text else members.filter(home_store__isnull=False)
    return render(request, "h5/who.html", {"members": found.order_by("pk")[:_SHOWN], "next": wanted, "q": text})


@require_POST
@open_page
def leave(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- Django hands it over
    """Let this phone be nobody's."""
    response = redirect("h5:left")
    forget(response)
    return response


@require_GET
@open_page
def left(request: HttpRequest) -> HttpResponse:
    return gone(request, title="已退出", text="下次从群里的链接打开时，会重新认出您。", status=200)


def _again(request: HttpRequest) -> HttpResponse:
    return gone(request, title="没能认出您", text="微信没有回答，请回到群里再点一次链接。", status=400)
