"""欢迎语: what newcomers are told, by HQ for all and by managers for their store."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from communities import welcome_texts
from communities.models import EntryCode, WelcomeText
from communities.selectors import welcomes as selectors
from communities.services import welcome_editing
from communities.welcome_forms import WelcomeForm
from stores.models import Store
from stores.requests import StaffRequest
from stores.selectors import stores_for
from wecom.client.content import TEXT_BYTES

_SCENES = {"", *EntryCode.Scene.values}


@require_GET
@login_required
def text_list(request: StaffRequest) -> HttpResponse:
    """Scene by scene what is said, and whose word it is."""
    store = _store(request, request.GET)
    context = {
        "store": store, "rows": selectors.scene_texts(store),
        "may_edit": selectors.may_edit_welcomes(request.user, store), "code": request.GET.get("code", ""),
    }  # fmt: skip
    return render(request, "communities/welcomes.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: StaffRequest) -> HttpResponse:
    """Change one text, with what a newcomer would read beside it."""
    store, scene = _place(request, request.GET)
    own = WelcomeText.objects.filter(store=store, scene=scene).first()
    start = welcome_texts.text_for(store=store, scene=scene)
    row = own or WelcomeText(
        store=store, scene=scene, text=start.text, fallback=start.fallback, with_group=start.with_group
    )
    form = WelcomeForm(request.POST or None, instance=row, user=request.user)
    if request.method == "POST" and form.is_valid():
        welcome_editing.save_text(store=store, scene=scene, by=request.user, at=timezone.now(), **form.words())
        messages.success(request, "已保存，从下一位新客开始生效")
        return _back(store)
    text = form["text"].value() or ""
    context = {
        "form": form, "store": store, "scene": scene, "scene_label": _label(scene), "own": own,
        "preview": _preview(store, text, coupon=start.coupon), "links": start.links,
    }  # fmt: skip
    return render(request, "communities/welcome_edit.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def preview(request: StaffRequest) -> HttpResponse:
    """What is being typed as a newcomer would read it."""
    store, scene = _place(request, request.GET)
    coupon = request.POST.get("coupon", "") or welcome_texts.text_for(store=store, scene=scene).coupon
    context = {"preview": _preview(store, request.POST.get("text", "")[:4_000], coupon=coupon)}
    return render(request, "communities/welcome_edit.html#said", context)


@require_POST
@login_required
def reset(request: StaffRequest) -> HttpResponse:
    """Let the wider text hold again."""
    store, scene = _place(request, request.POST)
    if welcome_editing.reset_text(store=store, scene=scene, by=request.user, at=timezone.now()):
        messages.success(request, "已恢复默认")
    return _back(store)


def _preview(store: Store | None, text: str, *, coupon: str) -> dict[str, object]:
    said = selectors.said(text, store=store, coupon=coupon)
    size = len(welcome_texts.at_its_longest(text, coupon=coupon).encode())
    return {"said": said, "size": size, "most": TEXT_BYTES, "unknown": welcome_texts.unknown_places(text)}


def _store(request: StaffRequest, query: QueryDict) -> Store | None:
    """The store asked for by id or code; shop staff have their own, HQ without one the chain."""
    user, number, code = request.user, query.get("store", ""), query.get("code", "").strip()
    if user.store is not None:
        return user.store
    if number.isascii() and number.isdigit():
        return get_object_or_404(stores_for(user), pk=int(number[:18]))
    if code:
        found = stores_for(user).filter(code__iexact=code).first()
        if found is None:
            messages.warning(request, f"没有编码为“{code[:32]}”的门店")
        return found
    return None


def _place(request: StaffRequest, query: QueryDict) -> tuple[Store | None, str]:
    store, scene = _store(request, query), query.get("scene", "")
    if scene not in _SCENES or not selectors.may_edit_welcomes(request.user, store):
        raise Http404("没有这个页面")
    return store, scene


def _label(scene: str) -> str:
    return str(EntryCode.Scene(scene).label) if scene else "通用"


def _back(store: Store | None) -> HttpResponseRedirect:
    query = f"?{urlencode({'store': store.pk})}" if store else ""
    return redirect(reverse("welcomes:list") + query)
