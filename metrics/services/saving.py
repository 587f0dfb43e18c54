"""Views somebody keeps: saved, shared, put away."""

from datetime import datetime

from django.db import transaction
from django.http import QueryDict

from metrics.models import SavedView
from stores.models import Staff
from stores.services.auditing import audit

MOST = NAME_AT_MOST = 30
_KEPT = frozenset(
    {"period", "first", "last", "m", "q", "region", "city_tier", "stage", "sort", "trend", "store", "by", "view"}
)


class ViewRefused(Exception):
    """The view cannot be kept; the message says why, in Chinese."""


def save_view(*, by: Staff, name: str, page: str, query: str, at: datetime) -> SavedView:
    """Keep what was chosen on a page under a name; a name in use is overwritten with the new choice.

    :raises ViewRefused: without a name, for no page, or when thirty are kept already
    """
    name = " ".join(name.split())
    if not name:
        raise ViewRefused("请给视图起个名字")
    if len(name) > NAME_AT_MOST:
        raise ViewRefused(f"名字太长了，最多 {NAME_AT_MOST} 个字")
    if page not in SavedView.Page.values:
        raise ViewRefused("这个页面不能保存视图")
    chosen = chosen_in(query)
    mine = SavedView.objects.filter(owner=by)
    if mine.exclude(name=name).count() >= MOST:
        raise ViewRefused(f"最多保存 {MOST} 个视图，请先删掉不用的")
    view, _ = SavedView.objects.update_or_create(
        owner=by, name=name, defaults={"page": page, "query": chosen, "saved_at": at}
    )
    return view


def chosen_in(query: str) -> str:
    """The choices in an address, without what belongs to the moment: the page of a list, a foreign parameter."""
    asked, kept = QueryDict(query[:2000]), QueryDict(mutable=True)
    for key in asked:
        if key in _KEPT:
            kept.setlist(key, [value[:100] for value in asked.getlist(key) if value])
    return kept.urlencode()[:1000]


@transaction.atomic
def share_view(*, view: SavedView, is_shared: bool, by: Staff, at: datetime) -> None:
    """Show a view to everybody, or to its owner alone again. HQ only.

    :raises ViewRefused: for anybody else
    """
    if not by.is_hq:
        raise ViewRefused("只有总部可以共享视图")
    if SavedView.objects.filter(pk=view.pk).exclude(is_shared=is_shared).update(is_shared=is_shared):
        audit(actor=by, action="metrics.view_shared" if is_shared else "metrics.view_unshared", at=at,
              target=f"view:{view.pk}", detail={"name": view.name})  # fmt: skip


def delete_view(*, view: SavedView) -> None:
    """Put a view away; the choices in it are all that is lost."""
    view.delete()
