"""执行: how the plan is carried out, for HQ and region leads; from the chain down to one post, and 催办."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from communities.models import PostTask
from communities.selectors import execution as selectors
from communities.services.cadence.urging import urge
from dashboard.execution_board import Board
from dashboard.post_life import life_of
from dashboard.today_views import numbers_in
from stores.downloads import require_form, table_download
from stores.models import Staff
from stores.partials import render_page
from stores.requests import StaffRequest
from stores.selectors import stores_for
from stores.services.auditing import audit

STORES_A_PAGE = 25
_OFFICE = frozenset({Staff.Role.HQ, Staff.Role.REGION_LEAD})


def _office_only(request: StaffRequest) -> None:
    if request.user.role not in _OFFICE:
        raise Http404("没有这个页面")


@require_GET
@login_required
def execution(request: StaffRequest) -> HttpResponse:
    """Stores by slot for a day, or by day for a month, the worst first."""
    _office_only(request)
    board = Board(request.user, request.GET, request, at=timezone.now())
    page = Paginator(board.store_ids, STORES_A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "board": board,
        "page": page,
        "rows": board.rows(list(page.object_list)),
        "states": [(value, label) for value, (label, _) in selectors.STATES.items()],
        "may_urge": board.is_today and not board.is_month,
    }
    return render_page(request, "dashboard/execution.html", context, partial="rows")


@require_GET
@login_required
def export(request: StaffRequest, form: str) -> HttpResponseBase:
    """Everything the board shows, on all its pages, as `xlsx` or `csv`."""
    _office_only(request)
    require_form(form)
    now = timezone.now()
    board = Board(request.user, request.GET, request, at=now)
    columns, rows = board.sheet()
    audit(
        actor=request.user, action="execution.exported", at=now, address=request.META.get("REMOTE_ADDR") or None,
        detail={"form": form, "rows": len(rows), "filter": request.GET.urlencode()},
    )  # fmt: skip
    span = f"{board.first:%Y%m}" if board.is_month else f"{board.day:%Y%m%d}"
    return table_download(request, form, columns, rows, name=f"执行_{span}", title="执行")


@require_POST
@login_required
def urge_selected(request: StaffRequest) -> HttpResponse:
    """催办 for the stores, or the single posts, that were ticked: what is out and late today."""
    _office_only(request)
    at = timezone.now()
    late = selectors.late_posts(day=timezone.localdate(at), stores=stores_for(request.user), at=at)
    stores, posts = numbers_in(request, "store"), numbers_in(request, "post")
    late = late.filter(store__in=stores) if stores else late.filter(pk__in=posts)
    done = urge(tasks=late, by=request.user, at=at)
    if done.tasks:
        later = f"；另有 {done.too_soon} 条 15 分钟内催过" if done.too_soon else ""
        messages.success(request, f"已催办 {done.owners} 位群主、{done.tasks} 条{later}")
    elif done.too_soon:
        messages.info(request, f"这 {done.too_soon} 条 15 分钟内刚催过")
    else:
        messages.info(request, "选中的门店没有到点未发的任务")
    return redirect(_back(request))


def _back(request: StaffRequest) -> str:
    """The page the tick stood on, if it is one of ours."""
    asked = request.POST.get("back", "")
    is_ours = asked.startswith("/execution/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_ours else "/execution/"


@require_GET
@login_required
def store_execution(request: StaffRequest, pk: int) -> HttpResponse:
    """One store's day: its groups by slot."""
    _office_only(request)
    store = get_object_or_404(stores_for(request.user).select_related("region"), pk=pk)
    at = timezone.now()
    board = Board(request.user, request.GET, request, at=at)
    posts = list(selectors.posts_of(store, day=board.day))
    groups: dict[Any, dict[int, PostTask]] = {}
    for post in posts:
        groups.setdefault(post.group, {})[post.slot_id] = post
    board.is_month = False
    context = {
        "store": store, "board": board, "is_late": any(_is_late(post, at) for post in posts),
        "groups": [(group, [cells.get(slot.number) for slot in board.columns]) for group, cells in groups.items()],
    }  # fmt: skip
    return render(request, "dashboard/execution_store.html", context)


def _is_late(post: PostTask, at: Any) -> bool:
    return post.state == PostTask.State.RELEASED and bool(post.due_at <= at)


@require_GET
@login_required
def post_life(request: StaffRequest, pk: int) -> HttpResponse:
    """One post from plan to proof."""
    _office_only(request)
    post = get_object_or_404(
        PostTask.objects.select_related(
            "group", "store", "slot", "version__material", "content", "broadcast", "done_by"
        ),
        pk=pk, store__in=stores_for(request.user),
    )  # fmt: skip
    at = timezone.now()
    context = {"post": post, "life": life_of(post), "is_late": _is_late(post, at)}
    return render(request, "dashboard/execution_post.html", context)
