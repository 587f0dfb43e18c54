"""What every page of a member keeps: who she is, and a page of our own where something is not there."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from campaigns.h5.session import MemberRequest, member_of

View = Callable[..., HttpResponse]
HOME = "/h/orders/"


def member_page(view: Callable[..., HttpResponse]) -> View:
    """A page only its member sees: a stranger says first who she is, and comes back here."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        member = member_of(request)
        if member is None:
            return send_to_log_in(request)
        known = cast("MemberRequest", request)
        known.member = member
        return _private(_or_gone(view, known, *args, **kwargs))

    return wrapped


def open_page(view: Callable[..., HttpResponse]) -> View:
    """A page anybody may open."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _private(_or_gone(view, request, *args, **kwargs))

    return wrapped


def send_to_log_in(request: HttpRequest) -> HttpResponse:
    """To the log-in, and back to this page; to where a form was posted from, since a form is not sent twice."""
    here = request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "")
    return redirect(f"{reverse('h5:enter')}?{urlencode({'next': safe_path(request, here)})}")


def safe_path(request: HttpRequest, wanted: str) -> str:
    """An address of ours to go to, whatever was asked for."""
    host = request.get_host()
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={host}, require_https=request.is_secure()):
        return wanted
    return HOME


def gone(request: HttpRequest, *, title: str = "没有找到这个页面", text: str = "", status: int = 404) -> HttpResponse:
    """A page of its own for what cannot be shown."""
    text = text or "链接可能不完整或已经过期。请回到群里点店长最新发的链接，或者看看我的订单。"
    return render(request, "h5/gone.html", {"title": title, "text": text}, status=status)


def _or_gone(view: Callable[..., HttpResponse], request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    try:
        return view(request, *args, **kwargs)
    except Http404:
        return gone(request)


def _private(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response
