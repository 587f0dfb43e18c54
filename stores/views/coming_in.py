"""The parts of a log-in that lie between two requests: where to go afterwards, the state of an authorisation, a
password that waits for its code. All of it lives in the visitor's own session and ends by the clock.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp import login as mark_verified
from django_otp.plugins.otp_totp.models import TOTPDevice

from stores.models import Staff
from stores.services import logins
from stores.services.logins import Way

STATE_SECONDS = 600
CODE_SECONDS = 300
_MOST_STATES = 5  # tabs that log in at once
_STATES, _PENDING = "wecom_states", "password_passed"
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def asked_page(request: HttpRequest, address: str | None) -> str:
    """The page to go on to: `address` if it is on our own host, else home."""
    ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if address and ours else resolve_url(settings.LOGIN_REDIRECT_URL)


def verify_address(*, page: str) -> str:
    """Where a session gives its second factor on the way to a page."""
    return f"{reverse('stores:verify')}?{urlencode({'next': page})}"


def is_in_wecom(request: HttpRequest) -> bool:
    """Whether the browser is that of the WeCom client."""
    return "wxwork" in request.headers.get("User-Agent", "").lower()


def new_state(session: SessionBase, *, page: str, way: Way, at: datetime) -> str:
    """A random state for an authorisation that starts now; only this session can use it, once, for ten minutes."""
    state = secrets.token_urlsafe(24)
    kept = list(session.get(_STATES, {}).items())[-_MOST_STATES + 1 :]
    session[_STATES] = dict(kept) | {
        state: {"page": page, "way": way.value, "until": int(at.timestamp()) + STATE_SECONDS}
    }
    return state


def take_state(session: SessionBase, *, state: str, at: datetime) -> tuple[str, Way] | None:
    """The page and way a state was made for; None if this session never had it, or no longer."""
    states = session.get(_STATES, {})
    kept = states.pop(state, None)
    if kept is None:
        return None
    session[_STATES] = states
    # Two answers at once read the same session: the cache says who was first.
    fresh = at.timestamp() < kept["until"] and cache.add(f"login-state:{state}", 1, timeout=STATE_SECONDS)
    return (kept["page"], Way(kept["way"])) if fresh else None


@dataclass(frozen=True)
class Pending:
    """Somebody whose password was right and who owes a code."""

    staff: Staff
    page: str


def remember_pending(session: SessionBase, *, staff: Staff, page: str, at: datetime) -> None:
    session.cycle_key()
    session[_PENDING] = {
        "staff": staff.pk, "page": page, "until": int(at.timestamp()) + CODE_SECONDS,
        "proof": staff.get_session_auth_hash(),
    }  # fmt: skip


def pending(session: SessionBase, *, at: datetime) -> Pending | None:
    """Who owes a code here, for five minutes, while the password is what it was."""
    kept: dict[str, Any] | None = session.get(_PENDING)
    if kept is None or at.timestamp() >= kept["until"]:
        return None
    staff = Staff.objects.select_related("store").filter(pk=kept["staff"], is_active=True).first()
    if staff is None or not secrets.compare_digest(staff.get_session_auth_hash(), kept["proof"]):
        return None
    return Pending(staff, kept["page"])


def let_in(
    request: HttpRequest, *, staff: Staff, way: Way, page: str, at: datetime, device: TOTPDevice | None = None
) -> HttpResponse:
    """Open the session, under a new key, and note it."""
    for name in (_STATES, _PENDING):
        request.session.pop(name, None)
    auth.login(request, staff, backend=_BACKEND)
    if device is not None:
        mark_verified(request, device)
    logins.note_login(staff=staff, way=way, address=address_of(request), at=at)
    return redirect(page)


def address_of(request: HttpRequest) -> str | None:
    return cast("str | None", request.META.get("REMOTE_ADDR") or None)
