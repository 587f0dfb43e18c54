"""入群欢迎语: templates at WeCom that owners pick in their groups. HQ writes them, everybody reads them."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from communities.models import GroupWelcome
from communities.services import group_welcomes as services
from communities.welcome_forms import GroupWelcomeForm
from stores.requests import StaffRequest
from wecom.client.errors import OutcomeUnknown, WeComError, WeComRefused
from wecom.gateway import wecom


@require_GET
@login_required
def template_list(request: StaffRequest) -> HttpResponse:
    """All templates; there are a hundred at most."""
    rows = GroupWelcome.objects.select_related("changed_by").order_by("-changed_at", "-pk")
    context = {"rows": rows, "most": services.MOST, "nickname": services.NICKNAME}
    return render(request, "communities/group_welcomes.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def new(request: StaffRequest) -> HttpResponse:
    _hq_only(request)
    form = GroupWelcomeForm(request.POST or None, initial={"text": f"欢迎 {services.NICKNAME} 进群！"})
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        try:
            services.add_template(text=text, by=request.user, at=timezone.now(), gateway=wecom())
        except services.TooMany:
            form.add_error(None, f"企业微信最多保存 {services.MOST} 条，请先删掉不用的")
        except OutcomeUnknown:
            messages.warning(request, "企业微信没有回答是否保存成功，这一条记为“结果不明”，请到企业微信后台核对")
            return redirect("welcomes:groups")
        except WeComError as error:
            form.add_error(None, _reason(error))
        else:
            messages.success(request, "已保存。群主会收到提醒，要在群里选用后才生效")
            return redirect("welcomes:groups")
    return _form(request, form)


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    _hq_only(request)
    row = get_object_or_404(GroupWelcome, pk=pk, status=GroupWelcome.Status.LIVE)
    form = GroupWelcomeForm(request.POST or None, initial={"text": row.text})
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]

        def change() -> None:
            services.edit_template(row=row, text=text, by=request.user, at=timezone.now(), gateway=wecom())

        if _done(form, change):
            messages.success(request, "已修改，选用了它的群立即生效")
            return redirect("welcomes:groups")
    return _form(request, form, row=row)


@require_POST
@login_required
def delete(request: StaffRequest, pk: int) -> HttpResponse:
    _hq_only(request)
    row = get_object_or_404(GroupWelcome, pk=pk)
    try:
        services.delete_template(row=row, by=request.user, at=timezone.now(), gateway=wecom())
    except WeComError as error:
        messages.error(request, f"没有删掉：{_reason(error)}")
    else:
        messages.success(request, "已删除，选用了它的群不再自动欢迎")
    return redirect("welcomes:groups")


def _done(form: GroupWelcomeForm, change: Callable[[], None]) -> bool:
    try:
        change()
    except WeComError as error:
        form.add_error(None, _reason(error))
        return False
    return True


def _form(request: StaffRequest, form: GroupWelcomeForm, *, row: GroupWelcome | None = None) -> HttpResponse:
    context = {"form": form, "row": row, "nickname": services.NICKNAME}
    return render(request, "communities/group_welcome_edit.html", context, status=422 if form.errors else 200)


def _reason(error: WeComError) -> str:
    return f"{error.meaning}（{error.code}）" if isinstance(error, WeComRefused) else str(error)


def _hq_only(request: StaffRequest) -> None:
    if not request.user.is_hq:
        raise Http404("没有这个页面")
