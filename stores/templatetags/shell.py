"""The frame around every page: which doors a person has, and which one is open."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import HttpRequest
from django.template.context import Context
from django.urls import NoReverseMatch, reverse

from stores.models import Staff

register = template.Library()

_SHOP_ROLES = {Staff.Role.MANAGER, Staff.Role.GUIDE}
_MINE = frozenset({"stores:account", "stores:password"})


@dataclass(frozen=True)
class Door:
    """One entry of the navigation; `lights` are the namespaces, or full view names, that mark it as current."""

    label: str
    icon: str
    page: str
    lights: frozenset[str]
    args: tuple[int | None, ...] = ()


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[dict[str, Any]]:
    """The doors this person may open, in order; one whose page is not installed is left out."""
    request: HttpRequest = context["request"]
    person = request.user
    if not isinstance(person, Staff):
        return []
    here = _whereabouts(request)
    doors = []
    for door in _doors(person):
        with contextlib.suppress(NoReverseMatch):
            url = reverse(door.page, args=door.args)
            doors.append({"label": door.label, "icon": door.icon, "url": url, "is_current": here in door.lights})
    return doors


@register.filter
def is_shop_staff(user: Any) -> bool:
    """Whether this person works in one store, and so gets the store's own look."""
    return isinstance(user, Staff) and user.role in _SHOP_ROLES


def _doors(person: Staff) -> Iterator[Door]:
    if person.role in _SHOP_ROLES:
        yield Door("我的门店", "store", "stores:detail", frozenset({"stores", "dashboard"}), (person.store_id,))
    else:
        yield Door("总览", "layout-dashboard", "dashboard:home", frozenset({"dashboard"}))
        yield Door("门店", "store", "stores:list", frozenset({"stores"}))
    yield Door("会员", "users", "members:list", frozenset({"members"}))
    if person.role != Staff.Role.GUIDE:
        yield Door("导入", "file-up", "imports:list", frozenset({"imports"}))
    yield Door("我的", "circle-user", "stores:account", _MINE)


def _whereabouts(request: HttpRequest) -> str:
    """The namespace of this page; the pages about oneself go by their full name."""
    match = request.resolver_match
    if match is None:
        return ""
    return match.view_name if match.view_name in _MINE else match.namespace


@register.filter
def elided(page: Page[Any]) -> Iterable[int | str]:
    """The page numbers to offer: both ends, the neighbours, and … between."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
