"""Who is here: log-in, log-out, my account, a new password."""

from typing import Any

from axes.models import AccessLog
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from stores.forms import LoginForm, NewPasswordForm
from stores.requests import StaffRequest
from stores.services import staff as services

LAST_LOGINS = 5


class Login(LoginView):
    """Password log-in; django-axes answers 429 with `stores/locked.html` after five wrong tries."""

    form_class = LoginForm
    template_name = "stores/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"next": self.get_redirect_url()}


login = Login.as_view()
logout = LogoutView.as_view()


@require_GET
@login_required
def account(request: StaffRequest) -> HttpResponse:
    """Who I am, where I work, and when someone last logged in as me."""
    person = request.user
    logins = AccessLog.objects.filter(username=person.username).order_by("-attempt_time")[:LAST_LOGINS]
    return render(request, "stores/account.html", {"logins": logins})


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
