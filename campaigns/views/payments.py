"""Notices of payment providers, and the page on which sandbox members pay."""

from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.models import Payment, SandboxTrade
from campaigns.payments import sandbox
from campaigns.payments.provider import BadNotice, ProviderRefused, ProviderUnavailable
from campaigns.payments.registry import provider_named, providers
from campaigns.services.notices import take_notice

_LARGEST_NOTICE = 64 * 1024


@csrf_exempt
@require_POST
def notify(request: HttpRequest, key: str) -> HttpResponse:
    """Take a notice; an answer other than 200 makes the provider send it again."""
    if key not in providers():
        raise Http404
    if int(request.headers.get("Content-Length") or 0) > _LARGEST_NOTICE:
        return _no("通知过长", 413)
    try:
        kept = take_notice(
            provider=provider_named(key), raw=request.body, headers=request.headers, at=timezone.now()
        )  # fmt: skip
    except BadNotice:
        return _no("验签失败", 401)
    except ProviderUnavailable:
        return _no("请稍后重试", 503)
    if kept.handled_at is None:
        return _no("请稍后重试", 503)
    return JsonResponse({"code": "SUCCESS", "message": "成功"})


def _no(message: str, status: int) -> JsonResponse:
    return JsonResponse({"code": "FAIL", "message": message}, status=status)


@require_http_methods(["GET", "POST"])
def sandbox_page(request: HttpRequest, trade_no: str) -> HttpResponse:
    """The pretend provider's page: pay, fail, tell twice, tell late. Not there where the sandbox is not."""
    provider = providers().get("sandbox")
    if provider is None:
        raise Http404
    trade = get_object_or_404(SandboxTrade, trade_no=trade_no)
    payment = get_object_or_404(Payment.objects.select_related("order"), provider="sandbox", trade_no=trade_no)
    said = ""
    if request.method == "POST":
        deed = request.POST.get("deed", "")
        if deed == "fail":
            return redirect("h5:order", token=payment.order.token)
        said = _act(deed, trade_no)
        trade.refresh_from_db()
        if deed == "pay" and not said:
            return redirect("h5:order", token=payment.order.token)
    return render(request, "campaigns/sandbox_pay.html", {"trade": trade, "order": payment.order, "said": said})


def _act(deed: str, trade_no: str) -> str:
    """Do what was tapped; what there is to say about it, empty when paid and told."""
    at = timezone.now()
    try:
        raw, headers = sandbox.pay(trade_no=trade_no, at=at)
    except ProviderRefused as no:
        return str(no)
    if deed == "silent":
        return "已付款，但没有发通知：超时前由系统主动查询补上"
    _deliver(raw, headers)
    if deed == "twice":
        _deliver(raw, headers)
        return "已付款，同一通知发了两次"
    return ""


def _deliver(raw: bytes, headers: Mapping[str, str]) -> None:
    take_notice(provider=provider_named("sandbox"), raw=raw, headers=headers, at=timezone.now())
