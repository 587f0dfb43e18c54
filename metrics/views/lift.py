"""进群提升: HQ asks what joining a group brought, and reads the answer with what it does not say."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from metrics.lift_forms import LiftForm
from metrics.models import LiftStudy
from metrics.selectors import lifts
from metrics.services import lifting
from stores.partials import render_page
from stores.requests import StaffRequest

STUDIES_A_PAGE = 20


def refuse_all_but_hq(request: StaffRequest) -> None:
    """:raises Http404:"""
    if not request.user.is_hq:
        raise Http404


@require_http_methods(["GET", "POST"])
@login_required
def studies(request: StaffRequest) -> HttpResponse:
    """The questions asked so far, and a new one."""
    refuse_all_but_hq(request)
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            study = lifting.ask_for_lift(
                by=request.user, first=asked["first"], last=asked["last"], region=asked["region"], at=timezone.now()
            )  # fmt: skip
        except lifting.LiftRefused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("metrics:proof:study", study.pk)
    page = Paginator(lifts.studies(), STUDIES_A_PAGE).get_page(request.GET.get("page"))
    rows = [(study, lifts.verdict(study)) for study in page]
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "metrics/lift/studies.html", {"form": form, "page": page, "rows": rows}, status=status)


@require_GET
@login_required
def study(request: StaffRequest, pk: int) -> HttpResponse:
    """One answer: verdict, raw figure beside it, chart and table, checks, limits."""
    refuse_all_but_hq(request)
    found = get_object_or_404(lifts.studies(), pk=pk)
    is_done = found.state == LiftStudy.State.DONE
    context = {
        "study": found, "verdict": lifts.verdict(found), "figures": found.figures,
        "chart": lifts.chart(found) if is_done else None,
        "months": [(lifts.month_name(one["month"]), one) for one in found.figures["lift"]["months"]] if is_done else [],
    }  # fmt: skip
    return render_page(request, "metrics/lift/study.html", context, partial="answer")
