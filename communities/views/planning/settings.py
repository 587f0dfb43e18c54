"""What the plan rests on: the hours of the slots, the calendar, WeCom's limit of group-sends."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from communities.models import CalendarDay, QuotaRule, Slot, SlotHour
from communities.plan_forms import CalendarForm, QuotaForm, RegionHourForm, SlotForm
from communities.selectors.plan_grid import slots_in_order
from communities.services.planning import calendar as calendar_services
from communities.services.planning import hours as hour_services
from communities.services.planning import quota as quota_services
from communities.services.planning.errors import PlanRefused
from communities.views.planning.access import refuse_all_but_hq
from stores.requests import StaffRequest

_YEARS = (2004, 2100)


@require_http_methods(["GET", "POST"])
@login_required
def hours(request: StaffRequest) -> HttpResponse:
    """The slots, each with its form, and the regions that differ."""
    refuse_all_but_hq(request)
    region_form = RegionHourForm()
    forms = {slot.pk: SlotForm(slot=slot) for slot in slots_in_order()}
    if request.method == "POST" and request.POST.get("what") == "region":
        region_form = RegionHourForm(request.POST)
        if region_form.is_valid() and _set_region_hour(request, region_form):
            return redirect("plan:hours")
    elif request.method == "POST":
        slot = get_object_or_404(Slot, pk=request.POST.get("slot") or 0)
        form = forms[slot.pk] = SlotForm(request.POST, slot=slot)
        if form.is_valid() and _change_slot(request, form):
            return redirect("plan:hours")
    own = SlotHour.objects.select_related("slot", "region").order_by("region__path", "slot__number")
    context = {"forms": list(forms.values()), "region_form": region_form, "own": own}
    return _page(request, "communities/plan/hours.html", context, region_form, *forms.values())


@require_POST
@login_required
def drop_region_hour(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a region go by the hour of the chain again."""
    refuse_all_but_hq(request)
    row = get_object_or_404(SlotHour.objects.select_related("slot", "region"), pk=pk)
    try:
        hour_services.set_region_hour(
            slot=row.slot, region=row.region, hour=None, by=request.user, at=timezone.now()
        )  # fmt: skip
    except PlanRefused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"{row.region.name}的{row.slot.name}改回默认时间")
    return redirect("plan:hours")


@require_http_methods(["GET", "POST"])
@login_required
def calendar(request: StaffRequest) -> HttpResponse:
    """A year's days that do not go by their weekday."""
    refuse_all_but_hq(request)
    now = timezone.now()
    today = timezone.localdate(now)
    year = _year(request.GET.get("year", ""), otherwise=today.year)
    form = CalendarForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            entry = calendar_services.save_day(**form.cleaned_data, by=request.user, at=now)
        except PlanRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{entry.day:%-m月%-d日} {entry.name} 已保存")
            return redirect(f"{request.path}?year={entry.day.year}")
    days = CalendarDay.objects.filter(day__year=year).order_by("day")
    context = {
        "form": form, "days": days, "year": year, "today": today, "years": range(today.year - 1, today.year + 3),
        "is_known": calendar_services.is_known(year),
    }  # fmt: skip
    return _page(request, "communities/plan/calendar.html", context, form)


@require_POST
@login_required
def import_year(request: StaffRequest) -> HttpResponse:
    """Bring in a year's public holidays and make-up workdays."""
    refuse_all_but_hq(request)
    year = _year(request.POST.get("year", ""), otherwise=0)
    if not year:
        raise Http404
    try:
        done = calendar_services.import_year(year=year, by=request.user, at=timezone.now())
    except PlanRefused as refused:
        messages.warning(request, str(refused))
    else:
        kept = f"，{done.kept} 天已有、保持不变" if done.kept else ""
        messages.success(request, f"{year} 年：新导入 {done.added} 天{kept}")
    response = redirect("plan:calendar")
    response["Location"] += f"?year={year}"
    return response


@require_POST
@login_required
def drop_day(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a day go by its weekday again."""
    refuse_all_but_hq(request)
    entry = get_object_or_404(CalendarDay, pk=pk)
    try:
        calendar_services.remove_day(entry=entry, by=request.user, at=timezone.now())
    except PlanRefused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"{entry.day:%-m月%-d日} 恢复成普通的日子")
    response = redirect("plan:calendar")
    response["Location"] += f"?year={entry.day.year}"
    return response


@require_http_methods(["GET", "POST"])
@login_required
def quota(request: StaffRequest) -> HttpResponse:
    """The dated rules of WeCom's limit."""
    refuse_all_but_hq(request)
    now = timezone.now()
    today = timezone.localdate(now)
    rules = list(QuotaRule.objects.select_related("set_by").order_by("-valid_from"))
    current = next((rule for rule in rules if rule.valid_from <= today), None)
    initial = {"valid_from": today, "reserve": current.reserve if current else 3}
    form = QuotaForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            quota_services.set_quota_rule(**form.cleaned_data, by=request.user, at=now)
        except PlanRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "群发额度规则已保存")
            return redirect("plan:quota")
    context = {"form": form, "rules": rules, "current": current, "today": today}
    return _page(request, "communities/plan/quota.html", context, form)


@require_POST
@login_required
def drop_quota_rule(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back a rule that has not begun."""
    refuse_all_but_hq(request)
    try:
        quota_services.remove_quota_rule(row=get_object_or_404(QuotaRule, pk=pk), by=request.user, at=timezone.now())
    except PlanRefused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, "已删除")
    return redirect("plan:quota")


def _change_slot(request: StaffRequest, form: SlotForm) -> bool:
    typed = form.cleaned_data
    try:
        hour_services.change_slot(
            slot=form.slot, name=typed["name"], hour=typed["at"], grace_minutes=typed["grace_minutes"],
            is_active=typed["is_active"], by=request.user, at=timezone.now(),
        )  # fmt: skip
    except PlanRefused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, f"{form.slot} 已保存")
    return True


def _set_region_hour(request: StaffRequest, form: RegionHourForm) -> bool:
    typed = form.cleaned_data
    try:
        hour_services.set_region_hour(
            slot=typed["slot"], region=typed["region"], hour=typed["at"], by=request.user, at=timezone.now()
        )
    except PlanRefused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, f"{typed['region'].name}的{typed['slot'].name}改为 {typed['at']:%H:%M}")
    return True


def _page(request: StaffRequest, template: str, context: dict[str, Any], *forms: Any) -> HttpResponse:
    failed = any(form.is_bound and form.errors for form in forms)
    return render(
        request, template, context, status=HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK
    )  # fmt: skip


def _year(text: str, *, otherwise: int) -> int:
    first, last = _YEARS
    return int(text) if text.isdigit() and first <= int(text) <= last else otherwise
