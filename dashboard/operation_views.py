"""运维: what WeCom's events, readings and ids wait for somebody to decide. HQ only."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from communities.selectors.drift import KIND_LABELS, label_of, named
from communities.tasks import bulk_reconcile
from members.models import MatchReview
from members.selectors.match_reviews import open_reviews
from members.services.match_reviews import AlreadyDecided, decide_review
from metrics.selectors.passes import tallies_state, tally_differences
from stores.requests import StaffRequest
from stores.selectors import unmatched_departments
from wecom import selectors
from wecom.models import CallbackJob, Drift, GatewayAlert
from wecom.services.alerts import clear_alerts
from wecom.services.inbox import replay_jobs

SHOWN = 20
NAMED = 3  # of each kind of drift; a page of its own names the others
_REPLAYED = 1_000


def _hq_only(request: StaffRequest) -> None:
    if not request.user.is_hq:
        raise Http404("没有这个页面")


@require_GET
@login_required
def operations(request: StaffRequest) -> HttpResponse:
    """The state of the inbox, dead letters, alerts, the last readings and their drift, and pairs to decide."""
    _hq_only(request)
    reports = selectors.latest_drift()
    names = named([drift for report in reports for drift in report.drifts], limit=NAMED)
    reviews = open_reviews()
    unmapped = unmatched_departments().order_by("pk")
    context = {
        "inbox": selectors.inbox_state(at=timezone.now()),
        "dead": selectors.dead_letters()[:SHOWN],
        "alerts": selectors.open_alerts()[:SHOWN],
        "readings": [
            {
                "label": KIND_LABELS[report.kind], "report": report,
                "drifts": [
                    {"label": label_of(one.kind), "drift": one, "names": names.get(one.pk, [])}
                    for one in report.drifts
                ],
            }
            for report in reports
        ],
        "drift": sum(report.drift for report in reports),
        "was_read": any(report.finished for report in reports),
        "reviews": reviews[:SHOWN],
        "review_count": reviews.count(),
        "departments": unmapped[:SHOWN],
        "department_count": unmapped.count(),
        "tallies": tallies_state(),
        "differences": tally_differences(limit=SHOWN),
    }  # fmt: skip
    return render(request, "dashboard/operations.html", context)


@require_GET
@login_required
def drift(request: StaffRequest, pk: int) -> HttpResponse:
    """Everything of one kind that a reading found different, by name."""
    _hq_only(request)
    found = get_object_or_404(Drift.objects.select_related("run"), pk=pk)
    names = named([found]).get(found.pk, [])
    context = {
        "drift": found, "label": label_of(found.kind), "kind": KIND_LABELS.get(found.run.kind, found.run.kind),
        "names": names, "unnamed": found.count - len(names),
    }  # fmt: skip
    return render(request, "dashboard/drift.html", context)


@require_POST
@login_required
def replay(request: StaffRequest) -> HttpResponse:
    """Give one dead letter, or the newest thousand, a fresh start."""
    _hq_only(request)
    chosen = request.POST.get("job", "")
    dead = CallbackJob.objects.dead()
    if chosen.isascii() and chosen.isdigit():
        dead = dead.filter(pk=int(chosen[:18]))
    ids = dead.order_by("-pk").values_list("pk", flat=True)[:_REPLAYED]
    count = replay_jobs(job_ids=ids, at=timezone.now())
    messages.success(request, f"已重放 {count} 个任务")
    return redirect("dashboard:operations")


@require_POST
@login_required
def clear_alert(request: StaffRequest, pk: int) -> HttpResponse:
    """Somebody mended it; should the fault come back, a new alert opens."""
    _hq_only(request)
    alert = get_object_or_404(GatewayAlert, pk=pk)
    clear_alerts(kind=alert.kind, subject=alert.subject, at=timezone.now())
    messages.success(request, "告警已解除；问题再出现会重新告警")
    return redirect("dashboard:operations")


@require_POST
@login_required
def decide(request: StaffRequest, pk: int) -> HttpResponse:
    """One person or two."""
    _hq_only(request)
    review = get_object_or_404(MatchReview, pk=pk)
    is_same = request.POST.get("same") == "yes"
    try:
        decide_review(review=review, is_same=is_same, by=request.user, at=timezone.now())
    except AlreadyDecided:
        messages.info(request, "这一对刚才已经有人核对过了")
    else:
        messages.success(request, "已合并为一位会员" if is_same else "已记下：不是同一人")
    return redirect("dashboard:operations")


@require_POST
@login_required
def reconcile_now(request: StaffRequest) -> HttpResponse:
    """Compare everything with WeCom without waiting for the night."""
    _hq_only(request)
    bulk_reconcile.delay(everything=True)
    messages.success(request, "已开始核对，几分钟后刷新本页看结果")
    return redirect("dashboard:operations")
