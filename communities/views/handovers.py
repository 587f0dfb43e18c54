"""交接: who left with customers and groups, and how far each hand-over is."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from communities import tasks
from communities.handover_forms import HandoverForm
from communities.handover_words import words_of
from communities.models import HandoverItem, HandoverJob
from communities.selectors import handovers as selectors
from communities.services.handover import starting
from communities.services.monitoring import CUSTOMERS_MOST
from stores.partials import render_page
from stores.requests import StaffRequest

ROWS_A_PAGE = 20
_MESSAGE = 64


def _allowed(request: StaffRequest) -> None:
    if not selectors.may_hand_over(request.user):
        raise Http404("没有这个页面")


@require_GET
@login_required
def handover_list(request: StaffRequest) -> HttpResponse:
    """Who waits for somebody, and the hand-overs under way and done."""
    _allowed(request)
    told_at = selectors.read_at()
    page = Paginator(selectors.handovers_for(request.user), ROWS_A_PAGE).get_page(request.GET.get("page"))
    progress = selectors.progress_of(page)
    context = {
        "leavers": selectors.leavers_for(request.user, told_at=told_at), "told_at": told_at, "page": page,
        "jobs": [(job, progress[job.pk]) for job in page],
    }  # fmt: skip
    return render_page(request, "communities/handovers.html", context, partial="jobs")


@require_http_methods(["GET", "POST"])
@login_required
def new(request: StaffRequest) -> HttpResponse:
    """Choose who hands over, then who takes over and what."""
    _allowed(request)
    userid = request.GET.get("giver", "").strip().lower()[:64]
    if not userid:
        return _choose_giver(request)
    giver, may = selectors.giver_for(request.user, userid)
    if not may:
        raise Http404("没有这位同事")
    resigned = giver is None or not giver.is_active
    form = HandoverForm(request.POST or None, user=request.user, giver_userid=userid, resigned=resigned)
    if request.method == "POST" and form.is_valid():
        try:
            job = starting.start_handover(
                giver_userid=userid, giver=giver, by=request.user, at=timezone.now(), **form.wish()
            )
        except starting.NotSuitable as reason:
            form.add_error(None, str(reason))
        else:
            messages.success(request, "交接已开始，系统会自动完成，可以关掉页面")
            return redirect("handovers:detail", pk=job.pk)
    text = request.GET.get("q", "")[:_MESSAGE]
    context: dict[str, Any] = {
        "giver": giver, "giver_userid": userid, "resigned": resigned, "form": form, "q": text,
        "takers": selectors.takers_for(request.user, giver_userid=userid, giver=giver, text=text),
        "most": CUSTOMERS_MOST, "chosen": form["taker"].value() if form.is_bound else "",
    }  # fmt: skip
    response = render_page(request, "communities/handover_new.html", context, partial="takers")
    response.status_code = 422 if form.errors else 200
    return response


def _choose_giver(request: StaffRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:_MESSAGE]
    people = selectors.colleagues_for(request.user)
    found = selectors.colleagues_matching(people, text=text)[: selectors.OFFERED] if text.strip() else []
    context = {"people": found, "q": text}
    return render_page(request, "communities/handover_giver.html", context, partial="rows")


@require_GET
@login_required
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    """One hand-over: how far it is, what became of each customer and group, and what helps."""
    job = _job(request, pk)
    state = request.GET.get("state", "")
    page = Paginator(selectors.item_rows(job, state=state), ROWS_A_PAGE).get_page(request.GET.get("page"))
    progress = selectors.progress_of([job])[job.pk]
    context = {
        "job": job, "progress": progress, "page": page, "items": [(item, words_of(item)) for item in page],
        "state": state if state in HandoverItem.State.values else "",
        "tabs": [(value, label, progress.counts.get(value, 0)) for value, label in HandoverItem.State.choices],
    }  # fmt: skip
    return render_page(request, "communities/handover.html", context, partial="live")


@require_POST
@login_required
def hurry(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask WeCom now."""
    starting.hurry_handover(job=_job(request, pk), at=timezone.now())
    messages.success(request, "正在向企业微信查询，几秒后刷新")
    return redirect("handovers:detail", pk=pk)


@require_POST
@login_required
def drop(request: StaffRequest, pk: int) -> HttpResponse:
    """Stop what was not asked for yet."""
    stopped = starting.drop_handover(job=_job(request, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已停止 {stopped} 项；已经提交给企业微信的会自己结束")
    return redirect("handovers:detail", pk=pk)


@require_POST
@login_required
def refresh(request: StaffRequest) -> HttpResponse:
    """Ask WeCom again who left with customers."""
    _allowed(request)
    tasks.bulk_read_unassigned.delay()
    messages.success(request, "正在向企业微信核对名单，稍后刷新本页")
    return redirect("handovers:list")


def _job(request: StaffRequest, pk: int) -> HandoverJob:
    _allowed(request)
    return get_object_or_404(selectors.handovers_for(request.user), pk=pk)
