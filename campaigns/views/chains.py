"""活动 as staff run it: the list, opening a 接龙 in a minute, its page, and what can be done with it."""

from typing import Any
from urllib.parse import urlencode

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.errors import CampaignRefusal
from campaigns.forms import ChainForm, item_forms
from campaigns.models import Campaign
from campaigns.selectors import staffing
from campaigns.selectors.money import open_worries
from campaigns.services import launching, opening
from campaigns.views.access import campaign_or_404, may_run, refuse_strangers, runnable_or_404, store_of
from communities.services.planning.own_posts import OwnPostRefused
from stores.models import Store
from stores.requests import StaffRequest
from stores.selectors import stores_for

ROWS_A_PAGE = 20
ENTRIES_SHOWN = 300
_VIEWS = {
    "running": staffing.RUNNING,
    "drafts": (Campaign.State.DRAFT,),
    "over": (Campaign.State.ENDED, Campaign.State.SETTLED),
}
_DEEDS = ("pause", "resume", "end", "kill", "approve", "send_back", "rerun", "publish", "post")


@require_GET
@login_required
def campaign_list(request: StaffRequest) -> HttpResponse:
    """What runs, what is drafted, what is over."""
    shown = request.GET.get("show", "running")
    shown = shown if shown in _VIEWS else "running"
    found = staffing.campaigns_for(request.user).filter(state__in=_VIEWS[shown])
    text = request.GET.get("q", "").strip()[:64]
    if text:
        found = found.filter(title__icontains=text) | found.filter(store__name__icontains=text)
    rows = staffing.campaign_rows(found).order_by("-starts_at", "-pk")
    return render(request, "campaigns/list.html", {
        "page": Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page")), "shown": shown, "q": text,
        "may_open": may_run(request.user) and request.user.store_id is not None, "at": timezone.now(),
        "worries": open_worries() if request.user.is_hq else None,
    })  # fmt: skip


@require_http_methods(["GET", "POST"])
@login_required
def new(request: StaffRequest) -> HttpResponse:
    """Open a 接龙: a manager's own, or HQ's template for everybody."""
    refuse_strangers(request)
    store = get_object_or_404(stores_for(request.user), pk=request.user.store_id) if request.user.store_id else None
    template = _template(request)
    now = timezone.now()
    data = request.POST if request.method == "POST" else None
    form = ChainForm(data, at=now, initial=_begun(template))
    items = item_forms(data=data, store=store, template=template)
    # Every form says at once what it lacks.
    if data is not None and all([form.is_valid(), *[item.is_valid() for item in items]]):
        try:
            campaign = _opened(request, form, [item.offer() for item in items], store, template)
        except CampaignRefusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return _onwards(request, campaign, posts=form.cleaned_data["posts"])
    return render(request, "campaigns/new.html", {
        "form": form, "items": items, "store": store, "template": template,
        "templates": staffing.templates_for(request.user).filter(play=Campaign.Play.CHAIN).order_by("-made_at")
        if store and template is None
        else [],
    }, status=422 if data is not None else 200)  # fmt: skip


@require_GET
@login_required
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    """One campaign in one store: what is left, who joined, and what to do next."""
    campaign = campaign_or_404(request, pk)
    if campaign.play != Campaign.Play.CHAIN:
        return redirect("campaigns:play", pk=pk)
    store = store_of(request, campaign)
    address = opening.address_of(campaign)
    return render(request, "campaigns/detail.html", {
        "campaign": campaign, "store": store, "at": timezone.now(), "address": address,
        "stocks": staffing.stocks_of(campaign, store), "may_run": _may_change(request, campaign),
        "entries": staffing.entries_of(campaign, store).order_by("-number")[:ENTRIES_SHOWN],
        "picture": segno.make(address, error="m").svg_inline(scale=4, border=2, omitsize=True, svgclass="share-picture",
                                                             lineclass=None),
        "share_words": f"{opening.post_words(campaign)}\n{address}",
        "unmet": len(opening.unmet(campaign)) if campaign.state in _VIEWS["over"] else 0,
        "reruns": campaign.reruns.order_by("-pk")[:3],
    })  # fmt: skip


@require_POST
@login_required
def act(request: StaffRequest, pk: int, deed: str) -> HttpResponse:
    """One of the buttons: pause, resume, end, stop at once, approve, run again."""
    if deed not in _DEEDS:
        raise Http404
    campaign = runnable_or_404(request, pk)
    try:
        return _done(request, campaign, deed)
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
    except OwnPostRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("campaigns:detail", pk=pk)


def _done(request: StaffRequest, campaign: Campaign, deed: str) -> HttpResponse:
    by, at = request.user, timezone.now()
    match deed:
        case "publish":
            return _publish(request, campaign, posts=request.POST.get("posts") == "on")
        case "rerun":
            again = opening.rerun(campaign=campaign, by=by, at=at)
            return redirect(
                "campaigns:pieces" if again.items.filter(by_piece=True).exists() else "campaigns:detail", pk=again.pk
            )
        case "post" if campaign.store is not None:
            when = opening.post_to_groups(campaign=campaign, store=campaign.store, by=by, at=at)
            messages.success(request, f"已排进 {when}")
        case "kill":
            launching.kill(campaign=campaign, by=by, reason=request.POST.get("reason", "")[:100] or "店里停止", at=at)
            messages.success(
                request,
                "已停止：不再接单；没付款的和候补的马上取消，没成团的原路退款，没发出的群消息撤下。已付款待取的不受影响",
            )
        case "send_back":
            launching.send_back(campaign=campaign, by=by, reason=request.POST.get("reason", "")[:100], at=at)
            messages.success(request, "已退回")
        case "pause" | "resume" | "end" | "approve":
            words = {"pause": "已暂停接单", "resume": "已恢复接单", "end": "已截单", "approve": "已通过"}
            getattr(launching, deed)(campaign=campaign, by=by, at=at)
            messages.success(request, words[deed])
    return redirect("campaigns:detail", pk=campaign.pk)


def _onwards(request: StaffRequest, campaign: Campaign, *, posts: bool) -> HttpResponse:
    """Straight on: pieces are photographed first, everything else goes live at once."""
    if campaign.is_template:
        launching.publish(campaign=campaign, by=request.user, at=timezone.now())
        messages.success(request, "模板已发布，门店可以直接用")
        return redirect("campaigns:templates")
    if campaign.items.filter(by_piece=True, stocks__quota=0).exists():
        query = urlencode({"posts": "on"} if posts else {})
        target = redirect("campaigns:pieces", pk=campaign.pk)
        target["Location"] += f"?{query}" if query else ""
        return target
    return _publish(request, campaign, posts=posts)


def _publish(request: StaffRequest, campaign: Campaign, *, posts: bool) -> HttpResponse:
    try:
        said = opening.publish_chain(campaign=campaign, by=request.user, at=timezone.now(), posts=posts)
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
        return redirect("campaigns:detail", pk=campaign.pk)
    if campaign.state == Campaign.State.AWAITING:
        messages.info(request, "已提交，总部审核后自动开始")
    else:
        messages.success(request, _published_words(said))
        if said.no_post:
            messages.warning(request, f"没有排进时段：{said.no_post}")
    return redirect("campaigns:detail", pk=campaign.pk)


def _published_words(said: opening.Published) -> str:
    words = "接龙开始了"
    if said.post:
        words += f"，{said.post} 会发到群里"
    if said.offered:
        words += f"；昨天没接上的 {said.offered} 位已先留货"
    return words


def _opened(
    request: StaffRequest, form: ChainForm, offers: list[launching.Offer | None], store: Store | None,
    template: Campaign | None,
) -> Campaign:  # fmt: skip
    wanted = [offer for offer in offers if offer is not None]
    data, now = form.cleaned_data, timezone.now()
    title = data["title"] or (f"{wanted[0].product.name}接龙" if wanted else "接龙")
    place: dict[str, Any] = {"scope": Campaign.Scope.STORE, "stores": [store], "template": template}
    if store is None:
        place = {"scope": Campaign.Scope.ALL, "stores": [], "is_template": True}
        place["needs_approval"] = request.POST.get("needs_approval") == "on"
    elif template is not None:
        place["needs_approval"] = template.needs_approval
    return launching.open_campaign(
        by=request.user, play=Campaign.Play.CHAIN, title=title[:40], offers=wanted, starts_at=now, ends_at=data["ends"],
        pickup_from=data["pickup_from"], pickup_until=data["pickup_until"], settling=data["settling"],
        rules=data["rules"], delivers=data["delivers"], at=now, **place,
    )  # fmt: skip


def _template(request: StaffRequest) -> Campaign | None:
    said = request.GET.get("template", "")
    if not said.isdecimal():
        return None
    return get_object_or_404(staffing.templates_for(request.user).filter(play=Campaign.Play.CHAIN), pk=said)


def _begun(template: Campaign | None) -> dict[str, Any]:
    if template is None:
        return {}
    return {"title": template.title, "rules": template.rules, "settling": template.settling,
            "delivers": template.delivers}  # fmt: skip


def _may_change(request: StaffRequest, campaign: Campaign) -> bool:
    user = request.user
    return may_run(user) and (user.is_hq or campaign.store_id == user.store_id)


@require_GET
@login_required
def templates(request: StaffRequest) -> HttpResponse:
    """HQ's templates; a manager opens from here too."""
    rows = staffing.templates_for(request.user).order_by("-made_at")
    return render(request, "campaigns/templates.html", {"rows": rows})


@require_POST
@login_required
def retire_template(request: StaffRequest, pk: int) -> HttpResponse:
    """Offer a template no more; what stores opened from it goes on."""
    if not request.user.is_hq:
        raise Http404
    template = get_object_or_404(staffing.templates_for(request.user), pk=pk)
    try:
        launching.end(campaign=template, by=request.user, at=timezone.now())
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
    return redirect("campaigns:templates")
