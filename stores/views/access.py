"""Who is here: log-in, log-out, my account, a new password."""

from typing import Any
from urllib.parse import urlencode

from axes.models import AccessLog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from stores.forms import LoginForm, NewPasswordForm
from stores.requests import StaffRequest
from stores.services import second_factor
from stores.services import staff as services
from stores.services.logins import Way
from stores.views import coming_in
from wecom.configuration import is_configured

LAST_LOGINS = 5


class Login(LoginView):
    """WeCom's door and the password's; django-axes answers 429 with `stores/locked.html` after five wrong tries."""

    form_class = LoginForm
    template_name = "stores/login.html"
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Inside WeCom whoever was on the way to a page need not tap; htmx cannot follow to another host."""
        on_the_way = is_configured() and coming_in.is_in_wecom(request) and "next" in request.GET
        if on_the_way and "HX-Request" not in request.headers:
            return redirect(f"{reverse('stores:wecom_login')}?{urlencode({'next': self.get_redirect_url()})}")
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """The password was right: let her in, or ask for the code it is worth nothing without."""
        staff, page, now = form.get_user(), self.get_success_url(), timezone.now()
        enrolled = second_factor.device_of(staff=staff) is not None
        if not enrolled and not (settings.TOTP_REQUIRED and second_factor.concerns(staff)):
            return coming_in.let_in(self.request, staff=staff, way=Way.PASSWORD, page=page, at=now)
        coming_in.remember_pending(self.request.session, staff=staff, page=page, at=now)
        return redirect("stores:login_code" if enrolled else "stores:login_enrol")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "next": self.get_redirect_url(),
            "by_wecom": is_configured(),
            "password_for_everyone": settings.PASSWORD_FOR_EVERYONE,
        }


login = Login.as_view()
logout = LogoutView.as_view()


@require_GET
@login_required
def account(request: StaffRequest) -> HttpResponse:
    """Who I am, where I work, and when someone last logged in as me."""
    person = request.user
    logins = AccessLog.objects.filter(username=person.username).order_by("-attempt_time")[:LAST_LOGINS]
    return render(request, "stores/account.html", {"logins": logins, "has_password": person.has_usable_password()})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@login_required
def password(request: StaffRequest) -> HttpResponse:
    """Choose a new password; this device stays logged in, every other one is logged out."""
    person = request.user
    form = NewPasswordForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.change_password(
            staff=person, password=form.cleaned_data["new_password1"], at=timezone.now(), actor=person
        )
        update_session_auth_hash(request, person)
        messages.success(request, "密码已修改，其他设备上的登录已全部退出")
        return redirect("stores:account")
    return render(request, "stores/password.html", {"form": form}, status=422 if form.errors else 200)
