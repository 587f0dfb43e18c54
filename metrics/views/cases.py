"""案例: what beat expectation, written up by HQ, copied by stores, and what the copies brought."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics.case_forms import CaseForm, ShareForm
from metrics.models import Case
from metrics.selectors import cases as selectors
from metrics.services.cases import sharing
from metrics.views.alerts import refuse_guides
from stores.partials import render_page
from stores.requests import StaffRequest
from stores.selectors import stores_for

CASES_A_PAGE = 12


@require_GET
@login_required
def case_list(request: StaffRequest) -> HttpResponse:
    """HQ's desk, drafts first; for stores what is shared with them."""
    user = request.user
    refuse_guides(user)
    counts = selectors.counts_by_state() if user.is_hq else {}
    asked, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    usual = Case.State.DRAFT if counts.get(Case.State.DRAFT) else Case.State.SHARED
    state = (asked if asked in Case.State.values else usual) if user.is_hq else Case.State.SHARED
    rows = selectors.case_rows(selectors.cases_for(user), state=state, kind=kind)
    context = {
        "page": Paginator(rows, CASES_A_PAGE).get_page(request.GET.get("page")), "state": state, "kind": kind,
        "states": [(value, label, counts.get(value, 0)) for value, label in Case.State.choices] if user.is_hq else [],
        "kinds": Case.Kind.choices,
    }  # fmt: skip
    return render_page(request, "metrics/cases/list.html", context, partial="rows")


@require_http_methods(["GET", "POST"])
@login_required
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    """One case: HQ edits and shares it here, a store reads it and does likewise."""
    user = request.user
    case = get_object_or_404(selectors.with_copies(selectors.case_rows(selectors.cases_for(user))), pk=pk)
    form, share_form, status = None, None, 200
    if user.is_hq:
        given = {"title": case.title, "did": case.did, "why": case.why, "material": case.material_id}
        form = CaseForm(request.POST or None, case=case, initial=given)
        share_form = ShareForm(initial={"scope": case.scope, "region": case.region_id,
                                        "stores": "\n".join(case.stores.values_list("code", flat=True))})  # fmt: skip
        if request.method == "POST":
            if form.is_valid():
                words = sharing.Words(**{"material": None, **form.cleaned_data})
                try:
                    sharing.edit_case(case=case, words=words, by=user, at=timezone.now())
                except sharing.CaseRefused as refused:
                    form.add_error(None, str(refused))
                else:
                    messages.success(request, "已保存")
                    return redirect("metrics:case", pk=pk)
            status = 422
    elif request.method == "POST":
        raise Http404
    return render(request, "metrics/cases/detail.html", {
        "case": case, "form": form, "share_form": share_form, "may_copy": selectors.may_copy(user),
        "mine": selectors.copy_of(case, user.store) if user.store else None,
        "copied_people": selectors.copied_people(case),
        "shown_copies": [copy for copy in case.copies.all() if user.is_hq or copy.store_id == user.store_id],
    }, status=status)  # fmt: skip


@require_POST
@login_required
def share(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a case before stores; HQ's."""
    case = _hq_case_or_404(request, pk)
    form = ShareForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.warning(request, " ".join(map(str, errors)))
        return redirect("metrics:case", pk=pk)
    try:
        sharing.share_case(
            case=case, scope=form.cleaned_data["scope"], region=form.cleaned_data["region"],
            stores=form.cleaned_data["stores"], by=request.user, at=timezone.now(),
        )  # fmt: skip
    except sharing.CaseRefused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, "已分享，门店在“案例”里能看到，点一下就能照做")
    return redirect("metrics:case", pk=pk)


@require_POST
@login_required
def dismiss(request: StaffRequest, pk: int) -> HttpResponseRedirect:
    """不采用; HQ's."""
    sharing.dismiss_case(case=_hq_case_or_404(request, pk), by=request.user, at=timezone.now())
    messages.success(request, "已放到“不采用”")
    return redirect("metrics:cases")


@require_POST
@login_required
def copy(request: StaffRequest, pk: int) -> HttpResponseRedirect:
    """照做, for the own store."""
    user = request.user
    case = get_object_or_404(selectors.cases_for(user).select_related("material", "campaign"), pk=pk)
    if not selectors.may_copy(user) or case.state != Case.State.SHARED:
        raise Http404
    store = get_object_or_404(stores_for(user), pk=user.store_id)
    try:
        made = sharing.copy_case(case=case, store=store, by=user, at=timezone.now())
    except sharing.CaseRefused as refused:
        messages.warning(request, str(refused))
        return redirect("metrics:case", pk=pk)
    if made.campaign_id:
        messages.success(request, "已建好接龙草稿，核对数量后发布")
        return redirect("campaigns:detail", pk=made.campaign_id)
    where = f"，排在 {made.planned}" if made.planned else "；近 7 天没有空的时段，可在排期里自己放"
    messages.success(request, f"素材已复制到本店{where}")
    return redirect("metrics:case", pk=pk)


def _hq_case_or_404(request: StaffRequest, pk: int) -> Case:
    if not request.user.is_hq:
        raise Http404
    return get_object_or_404(Case, pk=pk)
