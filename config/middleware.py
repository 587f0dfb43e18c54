"""What holds for every request and no library does."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]
_POLICY = ", ".join(
    f"{feature}=()"
    for feature in ("accelerometer", "camera", "geolocation", "gyroscope", "microphone", "payment", "usb")
)
_STARTED, _SEEN = "session_started", "session_seen"
_SLIDE_EVERY = 600  # seconds: one write in ten minutes, not one a request


class ClientAddress:
    """Put the visitor's own address into `REMOTE_ADDR`, for the log-in throttle, the audit and the log.

    Each trusted proxy appends the address that called it to `X-Forwarded-For`, so the visitor's stands as far from
    the end as there are proxies; what stands before it anybody may have written. The header ends here.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        passed = [part.strip() for part in request.META.pop("HTTP_X_FORWARDED_FOR", "").split(",")]
        hops = settings.TRUSTED_PROXIES
        if 0 < hops <= len(passed) and passed[-hops]:
            request.META["REMOTE_ADDR"] = passed[-hops]
        return self.get_response(request)


class RequestCeiling:
    """Refuse a body no page accepts before a byte of it is read.

    Django spools uploads to disk while it parses them, for anonymous callers too.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > settings.MAX_REQUEST_BYTES:
            megabytes = settings.MAX_UPLOAD_BYTES // 1024**2
            return HttpResponse(f"文件太大：最多 {megabytes} MB", status=413, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


class PermissionsPolicy:
    """Tell the browser that no page of ours wants its camera, position or wallet."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", _POLICY)
        return response


class SessionLifetime:
    """End a session after `SESSION_COOKIE_AGE` without a request and `SESSION_ABSOLUTE_AGE` after log-in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in session:
            now = int(time.time())
            if now - session.get(_STARTED, 0) >= settings.SESSION_ABSOLUTE_AGE:
                logout(request)
            elif now - session.get(_SEEN, 0) >= _SLIDE_EVERY:
                session[_SEEN] = now  # a changed session is saved, and with it its expiry
        return self.get_response(request)


def start_session_clock(request: HttpRequest, **_: Any) -> None:
    """Note when a session began; called on every log-in."""
    request.session[_STARTED] = request.session[_SEEN] = int(time.time())
