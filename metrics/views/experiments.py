"""对照实验: HQ drafts, starts, reads, stops and decides."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics.experiment_forms import ExperimentForm, PowerForm
from metrics.experiments import power
from metrics.selectors import experiment_readings as selectors
from metrics.services import experimenting
from metrics.services.experimenting import ExperimentRefused
from metrics.views.lift import refuse_all_but_hq
from stores.requests import StaffRequest

EXPERIMENTS_A_PAGE = 20


@require_GET
@login_required
def experiments(request: StaffRequest) -> HttpResponse:
    """Every experiment, the newest first."""
    refuse_all_but_hq(request)
    page = Paginator(selectors.experiments(), EXPERIMENTS_A_PAGE).get_page(request.GET.get("page"))
    rows = [(one, selectors.name_of(one.metric)) for one in page]
    return render(request, "metrics/experiments/list.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "POST"])
@login_required
def draft(request: StaffRequest) -> HttpResponse:
    """Draft one; beside it, how many it takes."""
    refuse_all_but_hq(request)
    form = ExperimentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        names = ("name", "unit", "subject", "metric", "worth_percent", "starts_on", "ends_on", "region")
        try:
            experiment = experimenting.draft_experiment(
                by=request.user, arms=form.arms(), at=timezone.now(), **{name: data[name] for name in names}
            )
        except ExperimentRefused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("metrics:proof:experiment", experiment.pk)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "metrics/experiments/draft.html", {"form": form, "power": PowerForm()}, status=status)


@require_GET
@login_required
def sample_size(request: StaffRequest) -> HttpResponse:
    """How many each arm needs, in a part of the page."""
    refuse_all_but_hq(request)
    form = PowerForm(request.GET)
    context: dict[str, object] = {"power": form}
    if form.is_valid():
        data = form.cleaned_data
        try:
            effect = power.design_effect(data["size"], data["likeness"])
            if data["kind"] == "share":
                persons = power.for_shares(data["before"] / 100, data["after"] / 100, effect=effect)
            else:
                persons = power.for_means(data["after"] - data["before"], data["deviation"] or 0, effect=effect)
            context |= {"persons": persons, "effect": effect, "clusters": power.clusters(persons, data["size"])}
        except power.BadPlan as bad:
            context["problem"] = str(bad)
    return render(request, "metrics/experiments/draft.html#size", context)


@require_GET
@login_required
def experiment(request: StaffRequest, pk: int) -> HttpResponse:
    """How it stands, with intervals that hold however often one looks."""
    refuse_all_but_hq(request)
    one = get_object_or_404(selectors.experiments(), pk=pk)
    context = {
        "experiment": one, "lines": selectors.readings(one, today=timezone.localdate()),
        "metric": selectors.name_of(one.metric), "unit": selectors.kind_of(one.metric).value,
    }  # fmt: skip
    return render(request, "metrics/experiments/detail.html", context)


@require_POST
@login_required
def act(request: StaffRequest, pk: int, deed: str) -> HttpResponse:
    """Start, stop or decide."""
    refuse_all_but_hq(request)
    one = get_object_or_404(selectors.experiments(), pk=pk)
    now, words = timezone.now(), request.POST.get("words", "")
    try:
        if deed == "start":
            experimenting.start_experiment(experiment=one, by=request.user, at=now)
            messages.success(request, f"已启动，{one.starts_on:%-m月%-d日}起生效")
        elif deed == "stop":
            experimenting.stop_experiment(experiment=one, reason=words, by=request.user, at=now)
            messages.success(request, "已停止，之后的群发恢复按计划")
        else:
            experimenting.decide(experiment=one, decision=words, at=now)
            messages.success(request, "决定已记下")
    except ExperimentRefused as refused:
        messages.warning(request, str(refused))
    return redirect("metrics:proof:experiment", one.pk)
