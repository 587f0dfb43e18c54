"""接口与推送: the keys of other systems, and where they want to be told. HQ only; every secret is shown once."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stores.integration_forms import EndpointForm, TokenForm
from stores.models import ApiToken, WebhookDelivery, WebhookEndpoint
from stores.requests import StaffRequest
from stores.services.tokens import create_token, revoke_token
from stores.services.webhooks import endpoints as services
from stores.services.webhooks.endpoints import EndpointRefused

_ROWS = 50
_DEAD = Count("deliveries", filter=Q(deliveries__state=WebhookDelivery.State.DEAD))
_WAITING = Count("deliveries", filter=Q(deliveries__state=WebhookDelivery.State.PENDING))


def _hq_only(request: StaffRequest) -> None:
    if not request.user.is_hq:
        raise Http404("没有这个页面")


@require_GET
@login_required
def overview(request: StaffRequest) -> HttpResponse:
    """Every key, those that hold first, and every endpoint with what waits and what was lost."""
    _hq_only(request)
    now = timezone.now()
    holds = Q(revoked_at=None, expires_at__gt=now, staff__is_active=True)
    tokens = ApiToken.objects.select_related("staff").order_by("-pk")
    hooks = WebhookEndpoint.objects.select_related("owner").annotate(dead=_DEAD, waiting=_WAITING).order_by("-pk")
    return render(request, "stores/integrations/overview.html", {
        "tokens": tokens.filter(holds), "ended": tokens.exclude(holds)[:_ROWS], "hooks": hooks,
    })  # fmt: skip


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def new_token(request: StaffRequest) -> HttpResponse:
    """Issue a key; the answer to the form is the only page that ever shows it."""
    _hq_only(request)
    form = TokenForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        said, now = form.cleaned_data, timezone.now()
        token, secret = create_token(
            staff=said["username"], name=said["name"], scopes=said["scopes"], at=now,
            expires_at=now + timedelta(days=said["days"]), actor=request.user,
        )  # fmt: skip
        return _show_once(request, f"令牌「{token.name}」", secret)
    return _form(request, form, "发一个令牌", "给另一个系统用，只显示一次")


@require_POST
@login_required
def revoke(request: StaffRequest, pk: int) -> HttpResponse:
    """End a key now."""
    _hq_only(request)
    token = get_object_or_404(ApiToken, pk=pk)
    if revoke_token(token=token, at=timezone.now(), actor=request.user):
        messages.success(request, f"令牌「{token.name}」已吊销，马上失效")
    else:
        messages.info(request, "这个令牌早已吊销")
    return redirect("stores:integrations")


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def new_endpoint(request: StaffRequest) -> HttpResponse:
    """Add an endpoint; the secret that signs is shown once."""
    _hq_only(request)
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            endpoint, secret = services.add_endpoint(
                owner=request.user, name=said["name"], url=said["url"].strip(), events=said["events"], at=timezone.now()
            )
        except EndpointRefused as refused:
            form.add_error("url", str(refused))
        else:
            return _show_once(request, f"推送「{endpoint.name}」的签名密钥", secret, hook=endpoint)
    return _form(request, form, "加一个推送地址", "事情发生时，签名后推送到这个地址")


@require_GET
@login_required
def endpoint_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """One endpoint: its state, its dead letters, and what was sent last."""
    _hq_only(request)
    hook = get_object_or_404(
        WebhookEndpoint.objects.select_related("owner").annotate(dead=_DEAD, waiting=_WAITING), pk=pk
    )
    return render(request, "stores/integrations/endpoint.html", {
        "hook": hook, "deliveries": hook.deliveries.order_by("-pk")[:_ROWS], "State": WebhookDelivery.State,
    })  # fmt: skip


@require_POST
@login_required
def act(request: StaffRequest, pk: int, deed: str) -> HttpResponse:
    """One of the buttons: test, replay, switch off, switch on."""
    _hq_only(request)
    hook = get_object_or_404(WebhookEndpoint, pk=pk)
    by, at = request.user, timezone.now()
    match deed:
        case "test":
            try:
                services.send_test(endpoint=hook, by=by, at=at)
            except EndpointRefused as refused:
                messages.error(request, str(refused))
            else:
                messages.success(request, "测试已发出，几秒后刷新看结果")
        case "replay":
            chosen = request.POST.get("delivery", "")
            only = int(chosen[:18]) if chosen.isascii() and chosen.isdigit() else None
            messages.success(request, f"已重新推送 {services.replay(endpoint=hook, by=by, at=at, delivery_id=only)} 条")
        case "disable":
            services.disable(endpoint=hook, reason="总部停用", at=at, by=by)
            messages.success(request, "已停用，新的事件不再推送")
        case "enable":
            services.enable(endpoint=hook, by=by, at=at)
            messages.success(request, "已恢复，积压的马上推送")
        case _:
            raise Http404("没有这个操作")
    return redirect("stores:webhook", pk=pk)


def _form(request: StaffRequest, form: TokenForm | EndpointForm, title: str, note: str) -> HttpResponse:
    return render(
        request, "stores/integrations/form.html", {"form": form, "title": title, "note": note},
        status=422 if form.errors else 200,
    )  # fmt: skip


def _show_once(request: StaffRequest, title: str, secret: str, *, hook: WebhookEndpoint | None = None) -> HttpResponse:
    return render(request, "stores/integrations/secret.html", {"title": title, "secret": secret, "hook": hook})
