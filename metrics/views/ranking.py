"""门店排行: every store by any metric, with the columns one wants."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from metrics.asking import COLUMNS_AT_MOST, Wish
from metrics.tables import ranking as tables
from metrics.views.access import office_only
from metrics.views.pages import chooser
from stores.partials import render_page
from stores.requests import StaffRequest

STORES_A_PAGE = 25


@require_GET
@office_only
def ranking(request: StaffRequest) -> HttpResponse:
    """Sorted, filtered and paged in the database; the columns are whichever metrics were ticked."""
    wish = Wish(request.user, request.GET, today=timezone.localdate(timezone.now()), codes=tables.USUAL)
    pages = Paginator(tables.ordered(wish), STORES_A_PAGE)
    pages.count = wish.stores.count()  # the order joins every day of the period, the number needs none of them
    page = pages.get_page(request.GET.get("page"))
    table = tables.table_of(wish, list(page.object_list), count=page.paginator.count)
    context = chooser(wish, page="ranking", without={"m"}) | {
        "here": "ranking", "page": page, "table": table, "sort": tables.sort_of(wish),
        "choices": tables.choices(wish.choices), "most": COLUMNS_AT_MOST,
    }  # fmt: skip
    return render_page(request, "metrics/ranking.html", context, partial="rows")
