"""A store's entry codes: the list, ordering, one code, the chain's orders and what is wrong."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from communities import code_forms
from communities.models import EntryCode
from communities.selectors import codes as selectors
from communities.services import ordering
from stores.models import Staff, Store
from stores.partials import render_page
from stores.requests import StaffRequest
from wecom.client.errors import WeComError
from wecom.gateway import wecom

ROWS_A_PAGE = 20


def code_or_404(request: StaffRequest, pk: int) -> EntryCode:
    return get_object_or_404(selectors.codes_for(request.user), pk=pk)


@require_GET
@login_required
def code_list(request: StaffRequest) -> HttpResponse:
    """The codes one may see, those with something wrong first."""
    user = request.user
    codes = selectors.codes_for(user)
    scene, text = request.GET.get("scene", ""), request.GET.get("q", "").strip()
    if scene in EntryCode.Scene.values:
        codes = codes.filter(scene=scene)
    if text:
        codes = codes.filter(store__name__icontains=text) | codes.filter(store__code__iexact=text)
    page = Paginator(selectors.code_rows(codes, at=timezone.now()), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "scenes": EntryCode.Scene.choices, "scene": scene, "q": text, "is_filtered": bool(scene or text),
        "many_stores": user.store_id is None, "may_order": user.role != Staff.Role.GUIDE,
        "alert_count": selectors.open_alerts(user).count(),
    }  # fmt: skip
    return render_page(request, "communities/codes.html", context, partial="rows")


@require_http_methods(["GET", "POST"])
@login_required
def order(request: StaffRequest) -> HttpResponse:
    """Order one code."""
    if request.user.role == Staff.Role.GUIDE:
        raise Http404
    form = code_forms.CodeForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            code = ordering.order_code(store=form.chosen_store(), wish=form.wish(), by=request.user, at=timezone.now())
        except ordering.CodeExists:
            form.add_error(None, "这家门店已经有这样的码了，请直接使用，或先停用旧码")
        else:
            messages.success(request, "已提交，码正在企业微信里生成，一般几秒钟")
            return redirect("codes:detail", pk=code.pk)
    return render(request, "communities/code_order.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@login_required
def bulk(request: StaffRequest) -> HttpResponse:
    """HQ orders the same code for every store that is not suspended."""
    if not request.user.is_hq:
        raise Http404
    form = code_forms.CodeForm(request.POST or None, user=request.user, all_stores=True)
    stores = Store.objects.exclude(stage=Store.Stage.SUSPENDED)
    if request.method == "POST" and form.is_valid():
        batch = ordering.order_batch(stores=stores, wish=form.wish(), by=request.user, at=timezone.now())
        batch.refresh_from_db()
        messages.success(request, f"已为 {batch.codes.count()} 家门店下单；{batch.skipped} 家已有，跳过")
        return redirect("codes:bulk")
    context = {"form": form, "batches": selectors.batch_rows(), "store_count": stores.count()}
    return render_page(request, "communities/codes_bulk.html", context, partial="batches")


@require_GET
@login_required
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    """One code: its state, what came through it day by day, and what is wrong with it."""
    code = code_or_404(request, pk)
    days = selectors.days_of(code, last=timezone.localdate())
    kinds = (("打开", "scans"), ("添加", "adds"), ("进群", "joins"))
    chart = {
        "unit": "人次",
        "categories": [f"{one.day:%-m-%-d}" for one in days],
        "series": [{"name": name, "values": [getattr(one, field) for one in days]} for name, field in kinds],
    }
    context = {
        "code": code, "days": days[::-1], "chart": chart, "totals": _totals(days),
        "alerts": code.alerts.filter(cleared_at=None, raised_at__isnull=False).order_by("-raised_at"),
        "may_change": selectors.may_change_codes(request.user, code.store),
    }  # fmt: skip
    response = render_page(request, "communities/code.html", context, partial="state")
    if request.headers.get("HX-Request") and code.status != EntryCode.Status.CREATING:
        response["HX-Refresh"] = "true"  # who waited for it may print it now
    return response


def _totals(days: list[selectors.Day]) -> dict[str, int]:
    return {name: sum(getattr(one, name) for one in days) for name in ("scans", "adds", "joins")}


@require_POST
@login_required
def again(request: StaffRequest, pk: int) -> HttpResponse:
    """Have a code made after all."""
    code = _changeable(request, pk)
    try:
        ordering.order_again(code=code, by=request.user, at=timezone.now())
    except ordering.CodeBusy:
        messages.warning(request, "这个码的状态刚刚变了，请看最新状态")
    else:
        messages.success(request, "已重新提交")
    return redirect("codes:detail", pk=pk)


@require_POST
@login_required
def retire(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a code out of use."""
    code = _changeable(request, pk)
    try:
        ordering.retire_code(code=code, by=request.user, at=timezone.now(), gateway=wecom())
    except ordering.CodeBusy:
        messages.warning(request, "这个码正在生成，请稍后再停用")
        return redirect("codes:detail", pk=pk)
    except WeComError:
        messages.warning(request, "已停用；企业微信那边暂时没删掉，不影响使用")
    else:
        messages.success(request, "已停用，印出的码会提示顾客换一个")
    return redirect("codes:list")


def _changeable(request: StaffRequest, pk: int) -> EntryCode:
    code = code_or_404(request, pk)
    if not selectors.may_change_codes(request.user, code.store):
        raise Http404
    return code


@require_GET
@login_required
def alerts(request: StaffRequest) -> HttpResponse:
    """What is wrong with codes, and what mends it."""
    page = Paginator(selectors.open_alerts(request.user), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render_page(request, "communities/code_alerts.html", {"page": page}, partial="rows")
