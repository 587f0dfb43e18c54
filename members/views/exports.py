"""Downloads of the members list: exactly what is filtered, masked, counted in the audit trail."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from members.selectors.exporting import COLUMNS, EXPORT_CAP, export_rows
from members.selectors.listing import capped_count
from members.selectors.search import find_members, is_full_id
from members.views.access import address_of
from members.views.lists import address_query, filter_form
from stores.downloads import require_form, table_download
from stores.requests import StaffRequest
from stores.services.auditing import audit


@require_GET
@login_required
def export(request: StaffRequest, form: str) -> HttpResponseBase:
    """The filtered list as `xlsx` or `csv`; more than the cap is refused in words rather than cut off."""
    require_form(form)
    user, now = request.user, timezone.now()
    wanted = filter_form(user, request.GET).wanted()
    if is_full_id(wanted.text):
        return _refused(request, "完整号码只能在会员页里查，不能用来导出")
    members = find_members(user, wanted)
    count = capped_count(members, cap=EXPORT_CAP)
    if count > EXPORT_CAP:
        return _refused(request, f"一次最多导出 {EXPORT_CAP:,} 位会员，请先按门店、区域或入会时间筛选")
    audit(
        actor=user, action="members.exported", at=now, store=user.store, address=address_of(request),
        detail={"form": form, "rows": count, "filter": address_query(request.GET)},
    )  # fmt: skip
    rows = export_rows(user, members, at=now)
    name = f"会员_{timezone.localtime(now):%Y%m%d_%H%M}"
    return table_download(request, form, COLUMNS, rows, name=name, title="会员")


def _refused(request: StaffRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    response = redirect("members:list")
    query = address_query(request.GET)
    if query and not is_full_id(request.GET.get("q", "")):
        response["Location"] += f"?{query}"
    return response
