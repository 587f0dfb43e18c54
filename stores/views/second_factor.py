"""The second factor: a code after the password, a phone to enrol, recovery codes to keep."""

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as mark_verified

from stores.forms import CodeForm
from stores.models import Staff
from stores.requests import StaffRequest, is_verified
from stores.services import second_factor as services
from stores.services.logins import Way
from stores.services.second_factor import SecondFactorRefused
from stores.views import coming_in


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The password was right five minutes ago at most: the code opens the session."""
    now = timezone.now()
    waiting = coming_in.pending(request.session, at=now)
    if waiting is None:
        return _start_again(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            device = services.check_code(staff=waiting.staff, code=form.cleaned_data["code"], at=now)
        except SecondFactorRefused as refusal:
            form.refuse(refusal)
        else:
            return coming_in.let_in(
                request, staff=waiting.staff, way=Way.PASSWORD_AND_CODE, page=waiting.page, at=now, device=device
            )
    return render(request, "stores/login_code.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def first_enrolment(request: HttpRequest) -> HttpResponse:
    """HQ's first log-in by password: no way in without enrolling a phone."""
    now = timezone.now()
    waiting = coming_in.pending(request.session, at=now)
    if waiting is None or services.device_of(staff=waiting.staff) is not None:
        return _start_again(request)
    form = CodeForm(request.POST or None, recovery=False)
    if request.method == "POST" and form.is_valid():
        try:
            device, codes = services.confirm_enrolment(staff=waiting.staff, code=form.cleaned_data["code"], at=now)
        except SecondFactorRefused as refusal:
            form.refuse(refusal)
        else:
            coming_in.let_in(
                request, staff=waiting.staff, way=Way.PASSWORD_AND_CODE, page=waiting.page, at=now, device=device
            )
            return render(request, "stores/recovery_codes.html", {"codes": codes, "next": waiting.page})
    shown = {"form": form, **_qr(waiting.staff)}
    return render(request, "stores/login_enrol.html", shown, status=422 if form.errors else 200)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def overview(request: StaffRequest) -> HttpResponse:
    """HQ's own second factor: enrol a phone; with a session that has proved the old one, another."""
    staff, now = request.user, timezone.now()
    if not services.concerns(staff):
        raise Http404
    device = services.device_of(staff=staff)
    if device is not None and not is_verified(request):
        return redirect(coming_in.verify_address(page=reverse("stores:second_factor")))
    changing = device is None or "change" in request.GET
    form = CodeForm(request.POST or None, recovery=False) if changing else None
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            fresh, codes = services.confirm_enrolment(staff=staff, code=form.cleaned_data["code"], at=now)
        except SecondFactorRefused as refusal:
            form.refuse(refusal)
        else:
            mark_verified(request, fresh)
            return _show_codes(request, codes)
    shown = {"form": form, "device": device, "left": services.codes_left(staff=staff)}
    if changing:
        shown |= _qr(staff)
    return render(request, "stores/second_factor.html", shown, status=422 if form and form.errors else 200)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def verify(request: StaffRequest) -> HttpResponse:
    """A session that was opened without a code gives one now, for what asks for it: the back office."""
    now, page = timezone.now(), coming_in.asked_page(request, request.POST.get("next") or request.GET.get("next"))
    if services.device_of(staff=request.user) is None:
        return redirect("stores:second_factor")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            device = services.check_code(staff=request.user, code=form.cleaned_data["code"], at=now)
        except SecondFactorRefused as refusal:
            form.refuse(refusal)
        else:
            request.session.cycle_key()
            mark_verified(request, device)
            return redirect(page)
    shown = {"form": form, "next": page}
    return render(request, "stores/verify.html", shown, status=422 if form.errors else 200)


@never_cache
@require_POST
@login_required
def new_codes(request: StaffRequest) -> HttpResponse:
    """Ten new recovery codes, shown this once."""
    if services.device_of(staff=request.user) is None or not is_verified(request):
        return redirect(coming_in.verify_address(page=reverse("stores:second_factor")))
    return _show_codes(request, services.renew_recovery_codes(staff=request.user, at=timezone.now()))


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render(request, "stores/recovery_codes.html", {"codes": codes, "next": reverse("stores:second_factor")})


def _start_again(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        messages.warning(request, "请重新输入账号和密码：登录要在 5 分钟内完成")
    return redirect("stores:login")


def _qr(staff: Staff) -> dict[str, str]:
    """The waiting device as a picture to scan and as a key to type."""
    device = services.begin_enrolment(staff=staff)
    key = services.typed_key(device=device)
    return {"picture": segno.make(device.config_url, error="m").svg_data_uri(scale=5, border=2), "key": key}
