"""The callback address: verify, store, acknowledge; the work happens later."""

import structlog
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from wecom import configuration
from wecom.envelope import BadEnvelope, BadSignature, Envelope, MalformedPacket, encrypted_payload
from wecom.services import inbox

logger = structlog.get_logger(__name__)

MAX_BODY = 256 * 1024  # a change of 500 members takes about 50 KB


@csrf_exempt
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest) -> HttpResponse:
    """WeCom waits one second for the answer to GET and five for POST, and repeats what is not answered with 200."""
    envelope = configuration.envelope()
    if envelope is None:
        raise Http404
    try:
        return _verify(request, envelope) if request.method == "GET" else _receive(request, envelope)
    except MalformedPacket:
        return HttpResponse(status=400)
    except BadEnvelope as error:
        logger.warning("callback_refused", reason=type(error).__name__)
        return HttpResponseForbidden()


def _verify(request: HttpRequest, envelope: Envelope) -> HttpResponse:
    echo = request.GET.get("echostr", "")
    try:
        plaintext = _opened(request, envelope, echo)
    except BadSignature:
        # A bare "+" of base64 reaches us as a space (wecom.md §1.2); the signature then fails.
        plaintext = _opened(request, envelope, echo.replace(" ", "+"))
    return HttpResponse(plaintext, content_type="text/plain; charset=utf-8")


def _receive(request: HttpRequest, envelope: Envelope) -> HttpResponse:
    try:
        body = request.read(MAX_BODY + 1)
    except UnreadablePostError:
        return HttpResponse(status=400)
    if len(body) > MAX_BODY:
        return HttpResponse(status=413)
    plaintext = _opened(request, envelope, encrypted_payload(body))
    # A second delivery is a no-op: the digest of the plaintext is unique.
    inbox.store_event(plaintext=plaintext, at=timezone.now())
    return HttpResponse()


def _opened(request: HttpRequest, envelope: Envelope, payload: str) -> str:
    return envelope.open(
        payload,
        signature=request.GET.get("msg_signature", ""),
        timestamp=request.GET.get("timestamp", ""),
        nonce=request.GET.get("nonce", ""),
    )
