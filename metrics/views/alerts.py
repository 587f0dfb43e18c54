"""告警: what is wrong in one's stores, who has it in hand, and the rules it is found by."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics.alert_forms import DigestForm, RuleForm
from metrics.models import Alert, AlertRule
from metrics.selectors import alerts as selectors
from metrics.services import digesting
from metrics.services.alerting import handling, rules
from stores.models import Staff
from stores.partials import render_page
from stores.requests import StaffRequest

ROWS_A_PAGE = 20


@require_GET
@login_required
def alert_list(request: StaffRequest) -> HttpResponse:
    """The alerts of one's stores: filtered, paged, the latest first."""
    user = request.user
    refuse_guides(user)
    shown, kind = request.GET.get("show", ""), request.GET.get("kind", "")
    shown = shown if shown in selectors.VIEWS else selectors.OPEN
    text = request.GET.get("q", "")[:64]
    rows = selectors.alert_rows(user, shown=shown, kind=kind, text=text)
    context = {
        "page": Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page")), "shown": shown, "kind": kind, "q": text,
        "views": selectors.VIEWS.items(), "tiles": selectors.counts_by_kind(user), "many_stores": user.store_id is None,
    }  # fmt: skip
    return render_page(request, "metrics/alerts/list.html", context, partial="rows")


@require_POST
@login_required
def take(request: StaffRequest, pk: int) -> HttpResponseRedirect:
    """认领."""
    alert = _alert_or_404(request, pk)
    try:
        handling.take_alert(alert=alert, by=request.user, at=timezone.now())
    except handling.AlertRefused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, "已认领，处理好以后写一句结果")
    return back_or(request, "metrics:alerts")


@require_POST
@login_required
def release(request: StaffRequest, pk: int) -> HttpResponseRedirect:
    """Let go of it again."""
    alert = _alert_or_404(request, pk)
    try:
        handling.release_alert(alert=alert, by=request.user)
    except handling.AlertRefused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, "已放下，别人可以认领")
    return back_or(request, "metrics:alerts")


@require_POST
@login_required
def resolve(request: StaffRequest, pk: int) -> HttpResponseRedirect:
    """Say how it was dealt with."""
    alert = _alert_or_404(request, pk)
    try:
        handling.resolve_alert(
            alert=alert, note=request.POST.get("note", ""), by=request.user, at=timezone.now()
        )  # fmt: skip
    except handling.AlertRefused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, "已记下。如果之后几天还不正常，会再次告警")
    return back_or(request, "metrics:alerts")


@require_http_methods(["GET", "POST"])
@login_required
def rule_list(request: StaffRequest) -> HttpResponse:
    """The rules as they stand, each with a form of its own, and the morning's message; HQ's."""
    if not request.user.is_hq:
        raise Http404
    current = rules.current_rules()
    forms = {kind: RuleForm(instance=rule, prefix=kind.value) for kind, rule in current.items()}
    digest_form = DigestForm(instance=digesting.current_setting(), prefix="digest")
    if request.method == "POST":
        wanted = request.POST.get("which", "")
        if wanted == "digest":
            digest_form = DigestForm(request.POST, instance=digesting.current_setting(), prefix="digest")
            if digest_form.is_valid():
                digesting.change_setting(wanted=digest_form.save(commit=False), by=request.user, at=timezone.now())
                messages.success(request, "早报设置已保存，明早生效")
                return redirect("metrics:alert_rules")
        elif wanted in AlertRule.Kind.values:
            kind = AlertRule.Kind(wanted)
            forms[kind] = form = RuleForm(request.POST, instance=current[kind], prefix=kind.value)
            if form.is_valid():
                rules.tune_rule(rule=form.save(commit=False), by=request.user, at=timezone.now())
                messages.success(request, f"「{kind.label}」已保存，下一次检查生效")
                return redirect("metrics:alert_rules")
        else:
            raise Http404
    listed = [
        {"kind": kind, "form": form, "terms": rules.TERMS[kind], "is_tunable": kind in rules.TUNABLE,
         "rule": current[kind]}
        for kind, form in forms.items()
    ]  # fmt: skip
    context = {"listed": listed, "digest_form": digest_form}
    status = 422 if request.method == "POST" else 200
    return render(request, "metrics/alerts/rules.html", context, status=status)


def refuse_guides(user: Staff) -> None:
    """:raises Http404: for those who have no say in how a store does"""
    if user.role == Staff.Role.GUIDE:
        raise Http404


def _alert_or_404(request: StaffRequest, pk: int) -> Alert:
    return get_object_or_404(selectors.alerts_for(request.user), pk=pk)


def back_or(request: StaffRequest, page: str) -> HttpResponseRedirect:
    """To the list as it was filtered, whence the deed was done; else to a page of ours."""
    back = request.POST.get("back", "")
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(back if is_ours else reverse(page))
