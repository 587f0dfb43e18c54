"""拼团 and 1元购 as staff run them: opening on the phone, teams and orders, budget and referrals."""

from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.errors import CampaignRefusal, NotCompliant
from campaigns.models import Campaign
from campaigns.play_forms import GroupBuyForm, OneYuanForm, PlayForm, begun_from
from campaigns.selectors import staffing
from campaigns.selectors.one_yuan import referral_counts, uses_of
from campaigns.selectors.orders import with_lines
from campaigns.selectors.teams import team_counts, team_sheet, teams_of, with_seats
from campaigns.services import opening
from campaigns.services.opening_plays import open_play
from campaigns.views.access import campaign_or_404, may_run, refuse_strangers, store_of
from communities.services.planning.own_posts import OwnPostRefused
from stores.models import Store
from stores.requests import StaffRequest
from stores.selectors import stores_for

ROWS_A_PAGE = 20
_FORMS: dict[str, type[PlayForm]] = {Campaign.Play.GROUP_BUY: GroupBuyForm, Campaign.Play.ONE_YUAN: OneYuanForm}


@require_http_methods(["GET", "POST"])
@login_required
def new(request: StaffRequest, play: str) -> HttpResponse:
    """Open one: a manager's own, from a template or not; HQ's becomes a template for everybody."""
    refuse_strangers(request)
    if play not in _FORMS:
        raise Http404
    store = get_object_or_404(stores_for(request.user), pk=request.user.store_id) if request.user.store_id else None
    template = _template(request, play)
    data = request.POST if request.method == "POST" else None
    form = _FORMS[play](data, at=timezone.now(), store=store, initial=begun_from(template))
    if data is not None and form.is_valid():
        try:
            return _opened(request, form, play, store, template)
        except NotCompliant as refusal:
            for problem in refusal.problems:
                form.add_error(None, problem)
        except CampaignRefusal as refusal:
            form.add_error(None, str(refusal))
    templates = staffing.templates_for(request.user).filter(play=play).order_by("-made_at") if store else []
    return render(request, "campaigns/new_play.html", {
        "form": form, "store": store, "play": play, "label": Campaign.Play(play).label, "template": template,
        "templates": templates if template is None else [],
    }, status=422 if data is not None else 200)  # fmt: skip


@require_GET
@login_required
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    """One campaign in one store: its teams, or its budget and referrals; its orders and its switches."""
    campaign = campaign_or_404(request, pk)
    if campaign.play not in _FORMS:
        return redirect("campaigns:detail", pk=pk)
    store, now = store_of(request, campaign), timezone.now()
    address = opening.address_of(campaign)
    shown: dict[str, Any] = {
        "campaign": campaign, "store": store, "at": now, "address": address,
        "stocks": staffing.stocks_of(campaign, store),
        "may_run": may_run(request.user) and (request.user.is_hq or campaign.store_id == request.user.store_id),
        "orders": with_lines(campaign.orders.filter(store=store)).select_related("member").order_by("-pk")[:100],
        "picture": segno.make(address, error="m").svg_inline(
            scale=4, border=2, omitsize=True, svgclass="share-picture", lineclass=None
        ),
    }  # fmt: skip
    if campaign.play == Campaign.Play.GROUP_BUY:
        teams = with_seats(teams_of(campaign, store).order_by("-pk"))
        page = Paginator(teams, ROWS_A_PAGE).get_page(request.GET.get("page"))
        shown |= {"page": page, "sheets": [team_sheet(team, at=now) for team in page],
                  "counts": team_counts(campaign, store)}  # fmt: skip
    else:
        uses = uses_of(campaign).select_related("referral__order__member", "friend_order__member").order_by("-pk")
        shown |= {
            "terms": campaign.one_yuan, "referrals": referral_counts(campaign),
            "page": Paginator(uses, ROWS_A_PAGE).get_page(request.GET.get("page")),
        }  # fmt: skip
    return render(request, "campaigns/play.html", shown)


def _opened(
    request: StaffRequest, form: PlayForm, play: str, store: Store | None, template: Campaign | None
) -> HttpResponse:
    data, now = form.cleaned_data, timezone.now()
    settings = {"rules": data["rules"], "pickup_from": data["pickup_from"], "pickup_until": data["pickup_until"]}
    if isinstance(form, OneYuanForm):
        settings |= {"delivers": data["delivers"], "budget_fen": data["budget"] * 100}
    campaign = open_play(
        by=request.user, play=play, title=data["title"] or form.words(), store=store, offers=form.offers(),
        terms=form.terms() | _terms_of(template), starts_at=now, ends_at=data["ends"], at=now, template=template,
        **settings,
    )  # fmt: skip
    if store is None:
        messages.success(request, "模板已发布，门店可以直接用")
        return redirect("campaigns:templates")
    messages.success(
        request, "已提交，总部审核后自动开始" if campaign.state == "awaiting" else "开始了，链接可以发到群里"
    )
    if data["posts"] and campaign.state != Campaign.State.AWAITING:
        try:
            slot = opening.post_to_groups(campaign=campaign, store=store, by=request.user, at=now)
            messages.success(request, f"{slot} 会发到群里")
        except OwnPostRefused as refusal:
            messages.warning(request, f"没有排进时段：{refusal}")
    return redirect("campaigns:play", pk=campaign.pk)


def _terms_of(template: Campaign | None) -> dict[str, Any]:
    """What HQ settled in its template and a store does not choose: freight, caps, the after-sale time."""
    if template is None or template.play != Campaign.Play.ONE_YUAN:
        return {}
    terms = template.one_yuan
    kept = ("free_freight_from_fen", "freight_fen", "refunds_whole_order", "refund_cap_fen", "friends_per_member",
            "settle_after_days")  # fmt: skip
    return {name: getattr(terms, name) for name in kept}


def _template(request: StaffRequest, play: str) -> Campaign | None:
    said = request.GET.get("template", "")
    if not said.isdecimal():
        return None
    return get_object_or_404(staffing.templates_for(request.user).filter(play=play), pk=said)
