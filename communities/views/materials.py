"""素材: the list, the editor with its phone, and what can be done with one."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from communities import placeholders
from communities.material_forms import MaterialForm
from communities.models import Asset, Material, MaterialVersion, Slot, Theme
from communities.selectors import content as selectors
from communities.services.content import materials as services
from communities.services.content.previewing import Preview
from communities.services.content.previewing import preview as render_preview
from communities.services.content.refusals import ContentIncomplete, MaterialChanged
from stores.models import Staff, Store
from stores.partials import render_page
from stores.requests import StaffRequest
from stores.selectors import stores_for, stores_matching

ROWS_A_PAGE = 24
VERSIONS_SHOWN = 10


@require_GET
@login_required
def material_list(request: StaffRequest) -> HttpResponse:
    """HQ's materials and those of one's stores."""
    wishes = {name: request.GET.get(name, "")[:64] for name in ("q", "theme", "owner", "status")}
    wishes["theme"] = wishes["theme"] if wishes["theme"] in Theme.values else ""
    found = selectors.materials_matching(
        selectors.materials_for(request.user), text=wishes["q"], theme=wishes["theme"], owner=wishes["owner"],
        status=wishes["status"],
    )  # fmt: skip
    page = Paginator(selectors.material_rows(found), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = wishes | {
        "page": page, "themes": Theme.choices, "may_add": selectors.may_add(request.user),
        "is_filtered": any(wishes.values()), "today": timezone.localdate(),
    }  # fmt: skip
    return render_page(request, "communities/materials/list.html", context, partial="rows")


@require_http_methods(["GET", "POST"])
@login_required
def new(request: StaffRequest) -> HttpResponse:
    """Write a material: HQ's, or the own store's."""
    if not selectors.may_add(request.user):
        raise Http404("没有这个页面")
    form = MaterialForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            material = services.create_material(
                name=form.cleaned_data["name"], theme=form.cleaned_data["theme"], content=form.content(),
                store=request.user.store, by=request.user, at=timezone.now(),
            )  # fmt: skip
        except ContentIncomplete as reason:
            form.add_error(None, str(reason))
        else:
            messages.success(request, f"“{material}”已保存")
            return redirect("materials:edit", pk=material.pk)
    return _editor(request, form, material=None)


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    """One material: to be changed by those who may, looked at by the others."""
    material = _material_or_404(request, pk)
    may_change = selectors.may_change(request.user, material) and material.archived_at is None
    if request.method == "GET":
        return _editor(request, MaterialForm(user=request.user, material=material), material=material)
    if not may_change:
        raise Http404("没有这个页面")
    form = MaterialForm(request.POST, user=request.user, material=material)
    if form.is_valid():
        try:
            services.revise_material(
                material=material, name=form.cleaned_data["name"], theme=form.cleaned_data["theme"],
                content=form.content(), seen=form.cleaned_data["seen"] or 0, by=request.user, at=timezone.now(),
            )  # fmt: skip
        except ContentIncomplete as reason:
            form.add_error(None, str(reason))
        except MaterialChanged:
            form.add_error(None, "别人刚刚改过这份素材。请在另一个窗口打开看看最新内容，再决定要不要改")
        else:
            messages.success(request, "已保存，还没发布的时段会用新内容")
            return redirect("materials:edit", pk=pk)
    return _editor(request, form, material=material)


@require_POST
@login_required
def preview(request: StaffRequest) -> HttpResponse:
    """What is being written, as a store would send it, with what is wrong with it; nothing is saved."""
    form = MaterialForm(request.POST, user=request.user)
    form.is_valid()
    store = _preview_store(request, request.POST.get("preview_store", ""))
    return render(request, "communities/materials/preview.html", _preview_context(form, store))


@require_POST
@login_required
def archive(request: StaffRequest, pk: int) -> HttpResponse:
    material = _changeable(request, pk)
    services.archive_material(material=material, at=timezone.now())
    messages.success(request, f"“{material}”已归档，不再用于新的计划；发过的不受影响")
    return redirect("materials:list")


@require_POST
@login_required
def restore(request: StaffRequest, pk: int) -> HttpResponse:
    material = _changeable(request, pk)
    services.restore_material(material=material)
    messages.success(request, f"“{material}”已恢复使用")
    return redirect("materials:edit", pk=pk)


@require_POST
@login_required
def copy(request: StaffRequest, pk: int) -> HttpResponse:
    """Make a store's own copy: a manager for the own store, HQ for the store named, or for itself."""
    material = _material_or_404(request, pk)
    if not selectors.may_add(request.user):
        raise Http404("没有这个页面")
    store = request.user.store
    said = request.POST.get("store", "").split(" ")[0]
    if request.user.is_hq and said:
        store = stores_for(request.user).filter(code=said).first()
        if store is None:
            messages.error(request, "没有这家门店，请核对编码")
            return redirect("materials:edit", pk=pk)
    try:
        made = services.copy_material(material=material, store=store, by=request.user, at=timezone.now())
    except ContentIncomplete as reason:
        messages.error(request, str(reason))
        return redirect("materials:edit", pk=pk)
    messages.success(request, f"已复制为{store.name if store else '总部'}的素材，改完再用")
    return redirect("materials:edit", pk=made.pk)


@require_POST
@login_required
def bring_back(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    """Make an older version the newest again."""
    material = _changeable(request, pk)
    version = get_object_or_404(material.versions, number=number)
    current = material.current
    try:
        services.revise_material(
            material=material, name=material.name, theme=material.theme, content=services.content_of(version),
            seen=current.number if current else 0, by=request.user, at=timezone.now(),
        )  # fmt: skip
    except MaterialChanged:
        messages.error(request, "别人刚刚改过这份素材，请看最新内容")
    else:
        messages.success(request, f"已用回第 {number} 版")
    return redirect("materials:edit", pk=pk)


def _material_or_404(request: StaffRequest, pk: int) -> Material:
    mine = selectors.materials_for(request.user).select_related("current__product", "store")
    return get_object_or_404(mine, pk=pk)


def _changeable(request: StaffRequest, pk: int) -> Material:
    material = _material_or_404(request, pk)
    if not selectors.may_change(request.user, material):
        raise Http404("没有这个页面")
    return material


def _editor(request: StaffRequest, form: MaterialForm, *, material: Material | None) -> HttpResponse:
    store = _preview_store(request, request.POST.get("preview_store") or request.GET.get("store", ""))
    if form.is_bound:
        asset_ids = form.asset_ids()
    else:
        asset_ids = services.content_of(material.current).asset_ids if material and material.current else ()
    files = Asset.objects.in_bulk(asset_ids)
    may_change = material is None or (selectors.may_change(request.user, material) and material.archived_at is None)
    context = {
        "form": form, "material": material, "may_change": may_change,
        "assets": [files[pk] for pk in asset_ids], "places": placeholders.KNOWN.items(),
        "products": selectors.product_choices() if may_change else [],
        "stores": selectors.store_choices(request.user) if request.user.store_id is None else [],
        "versions": _versions(material) if material else [],
        "may_restore": material is not None and selectors.may_change(request.user, material),
        "may_copy": material is not None and selectors.may_add(request.user),
        **_preview_context(form, store, material=material),
    }  # fmt: skip
    return render(request, "communities/materials/edit.html", context, status=422 if form.errors else 200)


def _versions(material: Material) -> list[MaterialVersion]:
    return list(material.versions.select_related("made_by").order_by("-number")[:VERSIONS_SHOWN])


def _preview_context(form: MaterialForm, store: Store | None, *, material: Material | None = None) -> dict[str, Any]:
    if form.is_bound:
        content = form.content()
    elif material is not None and material.current is not None:
        content = services.content_of(material.current)
    else:
        content = services.Content()
    slot = _next_slot()
    seen: Preview = render_preview(content=content, store=store, day=timezone.localdate(), slot=slot)
    return {"preview": seen, "preview_store": store, "slot": slot}


def _next_slot() -> Slot:
    """The slot that comes next today, or the day's first."""
    now = timezone.localtime().time()
    slots = list(Slot.objects.filter(is_active=True).order_by("at")) or [Slot(number=1, at=now)]
    return next((slot for slot in slots if slot.at >= now), slots[0])


def _preview_store(request: StaffRequest, said: str) -> Store | None:
    """The store to look as: the own one, the one named by code or name, or the first."""
    user: Staff = request.user
    if user.store_id is not None:
        return user.store
    mine = stores_for(user)
    wanted = said.strip()[:64]
    if wanted:
        found = mine.filter(code=wanted.split(" ")[0]).first() or stores_matching(mine, text=wanted).first()
        if found is not None:
            return found
    return selectors.store_choices(user).first()
