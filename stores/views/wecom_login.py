"""Log-in through WeCom (wecom.md §3.15): to WeCom and back, inside its client or by scanning."""

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from stores.services import logins
from stores.services.logins import NotLetIn, Way
from stores.views import coming_in
from wecom.client.errors import Treatment, WeComError, WeComRefused
from wecom.configuration import is_configured
from wecom.gateway import wecom

logger = structlog.get_logger(__name__)

# Refusals that are about us or the moment. Any other is about the code: the platform's own number for a code that was
# used or has expired is not documented where we could read it (wecom.md §3.15).
_NOT_THE_CODE = {
    Treatment.RETRY, Treatment.REFRESH_TOKEN, Treatment.ALERT, Treatment.PAUSE, Treatment.NARROW, Treatment.LATER,
}  # fmt: skip
_STATUS = {"state": 400, "cancelled": 400, "code": 400, "visitor": 403, "unknown": 403, "left": 403, "down": 503}


@never_cache
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to WeCom with a fresh state: to the silent authorisation in its client, else to the QR page."""
    if not is_configured():
        raise Http404
    page = coming_in.asked_page(request, request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(page)
    way = Way.CLIENT if coming_in.is_in_wecom(request) else Way.SCAN
    state = coming_in.new_state(request.session, page=page, way=way, at=timezone.now())
    back = request.build_absolute_uri(reverse("stores:wecom_return"))
    oauth = wecom().oauth
    make = oauth.client_url if way is Way.CLIENT else oauth.desktop_url
    return redirect(make(redirect_uri=back, state=state))


@never_cache
@require_GET
def finish(request: HttpRequest) -> HttpResponse:
    """WeCom sends the browser back: check the state before the code is spent, then ask who it stands for."""
    if not is_configured():
        raise Http404
    now = timezone.now()
    started = coming_in.take_state(request.session, state=request.GET.get("state", ""), at=now)
    if started is None:
        # The second tap of an impatient finger, or the back button: the first one let her in.
        return (
            redirect(coming_in.asked_page(request, None)) if request.user.is_authenticated else _sorry(request, "state")
        )
    page, way = started
    code = request.GET.get("code", "")
    if not code:
        return _sorry(request, "cancelled", page=page)
    try:
        client = wecom()
        staff = logins.member_behind(wecom=client, visitor=client.oauth.visitor(code=code), at=now)
    except NotLetIn as refusal:
        logins.note_refusal(refusal=refusal, address=coming_in.address_of(request), at=now)
        return _sorry(request, refusal.reason, page=page, userid=refusal.userid)
    except WeComRefused as refused:
        about_us = refused.treatment in _NOT_THE_CODE
        logger.warning("login_refused", errcode=refused.code)
        return _sorry(request, "down" if about_us else "code", page=page, errcode=refused.code if about_us else None)
    except WeComError as error:
        logger.warning("login_failed", reason=str(error))
        return _sorry(request, "down", page=page)
    return coming_in.let_in(request, staff=staff, way=way, page=page, at=now)


def _sorry(
    request: HttpRequest, reason: str, *, page: str = "", userid: str = "", errcode: int | None = None
) -> HttpResponse:
    given = {"reason": reason, "next": page, "userid": userid, "errcode": errcode}
    return render(request, "stores/not_let_in.html", given, status=_STATUS[reason])
