"""What a page of ours needs to speak to the WeCom client: its signatures (wecom.md §3.16)."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from wecom.client.errors import WeComError
from wecom.client.jssdk import Signature
from wecom.gateway import wecom

_LONGEST = 2_048


@never_cache
@require_GET
def signatures(request: HttpRequest) -> JsonResponse:
    """The signatures of the page `?url=` for `config` and `agentConfig`, for people who are logged in.

    Only pages of our own host are signed: a signature lets its page act in the client in our app's name.
    """
    if not request.user.is_authenticated:
        return _refused(401, "not_logged_in", "请先登录")
    page = request.GET.get("url", "")
    if not _is_ours(request, page):
        return _refused(400, "foreign_page", "只为本站的页面签名")
    try:
        client = wecom()
        config = client.js_sdk.sign(url=page, ticket="corp")
        agent = client.js_sdk.sign(url=page, ticket="agent")
    except ImproperlyConfigured:
        return _refused(404, "not_configured", "没有配置企业微信")
    except WeComError:  # logged by the client
        return _refused(503, "wecom_unavailable", "企业微信暂时没有应答")
    app = client.transport.application
    return JsonResponse(
        {"corpId": app.corp_id, "agentId": app.agent_id, "config": _shown(config), "agentConfig": _shown(agent)}
    )


def _is_ours(request: HttpRequest, page: str) -> bool:
    if len(page) > _LONGEST or not page.isprintable() or " " in page or "\\" in page:
        return False
    try:
        parts = urlsplit(page)
    except ValueError:
        return False
    # A proxy that ends TLS may leave us with http, so the scheme is not compared.
    return parts.scheme in {"http", "https"} and parts.netloc == request.get_host()


def _shown(signed: Signature) -> dict[str, str | int]:
    return {"timestamp": signed.timestamp, "nonceStr": signed.nonce, "signature": signed.signature}


def _refused(status: int, code: str, detail: str) -> JsonResponse:
    return JsonResponse({"code": code, "detail": detail}, status=status)
