"""Which campaign an address means, in which store, and which page shows it."""

from collections.abc import Callable
from functools import wraps

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from campaigns.h5.pages import View, gone, member_page
from campaigns.h5.session import MemberRequest
from campaigns.models import Campaign, ItemStock
from stores.models import Store

Page = Callable[[MemberRequest, Campaign, Store], HttpResponse]
_SHOWN = 30
_HIDDEN = (Campaign.State.DRAFT, Campaign.State.AWAITING)

_pages: dict[str, Page] = {}


def register_page(play: str, page: Page) -> None:
    """Let a play's campaigns be shown by a page of its own. Call from `AppConfig.ready()`."""
    _pages[play] = page


@require_GET
@member_page
def campaign(request: MemberRequest, token: str) -> HttpResponse:
    """What a link in the group leads to."""
    found = published(token)
    store = store_of(request, found)
    if store is None:
        return choose_store(request, found)
    return _pages[found.play](request, found, store)


def claim_page(view: Page) -> View:
    """What a form on a campaign's page is sent to: `view` gets the campaign and the store, once both are known."""

    @require_POST
    @member_page
    @wraps(view)
    def wrapped(request: MemberRequest, token: str) -> HttpResponse:
        found = published(token)
        store = store_of(request, found)
        if store is None:
            return gone(request, title="请先选门店", status=400)
        return view(request, found, store)

    return wrapped


def published(token: str) -> Campaign:
    """The campaign of a link; one that was never published is nobody's yet. :raises Http404:"""
    campaigns = Campaign.objects.select_related("store").exclude(state__in=_HIDDEN)
    found: Campaign = get_object_or_404(campaigns.filter(is_template=False), token=token)
    if found.play not in _pages:
        raise Http404
    return found


def store_of(request: MemberRequest, found: Campaign) -> Store | None:
    """Where she buys: the campaign's one store, else the link's, else her own; None where she has to choose."""
    if found.store is not None:
        return found.store
    stores = stores_with(found)
    code = request.GET.get("s", "") or request.POST.get("s", "")
    if code:
        return get_object_or_404(stores, code=code)
    return stores.filter(members=request.member).first()


def stores_with(found: Campaign) -> QuerySet[Store]:
    """The stores where a campaign can be had."""
    return Store.objects.filter(pk__in=ItemStock.objects.filter(item__campaign=found).values("store"))


def choose_store(request: MemberRequest, found: Campaign) -> HttpResponse:
    """A list of stores to choose from."""
    text = request.GET.get("q", "").strip()[:64]
    stores = stores_with(found).exclude(stage=Store.Stage.SUSPENDED)
    if text:
        stores = stores.filter(name__icontains=text) | stores.filter(address__icontains=text)
    return render(request, "h5/stores.html", {
        "campaign": found, "stores": stores.order_by("code")[:_SHOWN], "q": text, "link": request.GET.get("l", "")[:32],
    })  # fmt: skip
