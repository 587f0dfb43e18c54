"""Departments of WeCom and the stores they stand for: what is matched, what is not, and how to change it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, Q, Sum, When
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from communities.services.remapping import remap_department
from stores.models import Department, Staff, Store
from stores.partials import render_page
from stores.requests import StaffRequest
from stores.selectors import unmatched_departments
from stores.services.wecom_staff import StoreTaken
from wecom.client.errors import WeComError
from wecom.gateway import wecom

ROWS_A_PAGE, SHOWN = 20, 10
_SHOP = (Staff.Role.MANAGER, Staff.Role.GUIDE)


@require_GET
@login_required
def departments(request: StaffRequest) -> HttpResponse:
    """Search and page through the departments, those without a store first."""
    _hq_only(request)
    text, only = request.GET.get("q", "").strip()[:64], request.GET.get("only", "")
    alive = Department.objects.filter(deleted_at=None).exclude(parent_number=0)
    lost = unmatched_departments()
    rows = lost if only == "lost" else alive
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(store__name__icontains=text) | Q(store__code__iexact=text))
    is_lost = Case(When(pk__in=lost.values("pk"), then=0), When(store=None, then=2), default=1)
    listed = rows.select_related("store").annotate(place=is_lost).order_by("place", "store__code", "pk")
    page = Paginator(listed, ROWS_A_PAGE).get_page(request.GET.get("page"))
    strangers = Staff.objects.filter(is_active=True, role__in=_SHOP, wecom_userid="").select_related("store")
    counted = lost.aggregate(people=Sum("people"))
    context = {
        "page": page, "q": text, "only": only, "total": alive.count(), "lost": lost.count(),
        "lost_people": counted["people"] or 0,
        "storeless": Store.objects.exclude(stage=Store.Stage.SUSPENDED).filter(departments=None).count(),
        "strangers": strangers.order_by("store__code", "pk")[:SHOWN], "stranger_count": strangers.count(),
    }  # fmt: skip
    return render_page(request, "dashboard/departments.html", context, partial="rows")


@require_POST
@login_required
def remap(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a department another store by its code, or none; its people and their groups follow."""
    _hq_only(request)
    department = get_object_or_404(Department.objects.select_related("store"), pk=pk, deleted_at=None)
    code = request.POST.get("code", "").strip()[:32]
    store = Store.objects.filter(code__iexact=code).first() if code else None
    if code and store is None:
        messages.error(request, f"没有编码为“{code}”的门店")
        return redirect("dashboard:departments")
    try:
        people, groups = remap_department(
            department=department, store=store, actor=request.user, at=timezone.now(), gateway=wecom()
        )
    except StoreTaken:
        messages.error(request, f"{store}已经对应了别的部门，请先在那个部门里清空")
    except WeComError:
        messages.warning(request, f"{department}已对应{store}；企业微信暂时连不上，员工在下次核对时更新")
    else:
        messages.success(request, _told(department, store, people=people, groups=groups))
    return redirect("dashboard:departments")


def _told(department: Department, store: Store | None, *, people: int, groups: int) -> str:
    if store is None:
        return f"{department}不再对应门店；员工留在原来的门店"
    return f"{department}对应{store}；{people} 位员工、{groups} 个群跟着过去"


def _hq_only(request: StaffRequest) -> None:
    if not request.user.is_hq:
        raise Http404("没有这个页面")
