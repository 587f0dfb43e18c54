"""The list of members and its export."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from members.forms import MemberFilterForm
from members.selectors.listing import COUNT_CAP, Position, capped_count, member_page
from members.selectors.search import find_members, is_full_id
from stores.models import Region, Staff
from stores.partials import render_page
from stores.requests import StaffRequest

PAGE_SIZE = 20


def filter_form(user: Staff, data: QueryDict) -> MemberFilterForm:
    """The filters this person has a use for: a store's own staff have one store."""
    regions = Region.objects.order_by("path")
    if user.region is not None:
        regions = regions.filter(path__startswith=user.region.path)
    many_stores = user.role in {Staff.Role.HQ, Staff.Role.REGION_LEAD}
    return MemberFilterForm(data, regions=regions, many_stores=many_stores)


def address_query(data: QueryDict) -> str:
    """The filters as they may stand in an address: without blanks and without what belongs to the form."""
    kept = data.copy()
    for name in [name for name, value in kept.items() if not value or name in {"after", "csrfmiddlewaretoken"}]:
        del kept[name]
    return kept.urlencode()


@require_http_methods(["GET", "POST"])
@login_required
def member_list(request: StaffRequest) -> HttpResponse:
    """Members, newest first. Searching posts: a full phone number must not stay in an address or a log."""
    user, data = request.user, request.POST if request.method == "POST" else request.GET
    form = filter_form(user, data)
    wanted = form.wanted()
    members = find_members(user, wanted)
    after = Position.parse(data.get("after", ""))
    page = member_page(user, members, after=after, size=PAGE_SIZE, at=timezone.now())
    total = capped_count(members)
    query = address_query(data)
    secret = is_full_id(wanted.text)
    context = {
        "form": form, "wanted": wanted, "rows": page.rows, "next_position": page.next_position, "after": after,
        "total": total, "cap": COUNT_CAP, "is_capped": total > COUNT_CAP, "query": query, "is_secret": secret,
        "is_filtered": bool(query), "many_stores": "store" in form.fields,
    }  # fmt: skip
    response = render_page(request, "members/list.html", context, partial="members")
    if request.method == "POST":
        shown = "" if secret else query
        response["HX-Push-Url"] = reverse("members:list") + (f"?{shown}" if shown else "")
    response["Cache-Control"] = "private, no-store"
    return response
