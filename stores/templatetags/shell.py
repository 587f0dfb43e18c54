"""The frame around every page: which doors a person has, and which one is open."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from zlib import crc32

from django import template
from django.core.paginator import Page
from django.http import HttpRequest
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from stores.models import Staff, Store

register = template.Library()

_SHOP_ROLES = {Staff.Role.MANAGER, Staff.Role.GUIDE}
_TONES = 8  # .tone-1 … .tone-8 in static/tones.css
_MINE = frozenset(
    {
        "stores:account", "stores:password", "stores:second_factor", "stores:verify", "stores:recovery_codes",
        "stores:integrations", "stores:new_token", "stores:new_webhook", "stores:webhook",
    }
)  # fmt: skip
_EXECUTION = frozenset({"dashboard:execution", "dashboard:execution_store", "dashboard:execution_post"})
_GROUPS = frozenset({"segments", "questionnaires"})
_FIGURES = frozenset({"metrics", "metrics:proof"})
_BY_NAME = _MINE | _EXECUTION


@dataclass(frozen=True)
class Door:
    """One entry of the navigation; `lights` are the namespaces, or full view names, that mark it as current.

    Doors of one `group` follow one another, below its name in the sidebar. A phone has room for five tabs: a `tucked`
    door stands on its page 我的 instead.
    """

    label: str
    icon: str
    page: str
    lights: frozenset[str]
    args: tuple[int | None, ...] = ()
    tucked: bool = False
    group: str = ""


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
            doors.append({
                "label": door.label, "icon": door.icon, "url": url, "tucked": door.tucked,
                "group": door.group, "is_current": here in door.lights,
            })  # fmt: skip
    return doors


@register.filter
def is_shop_staff(user: Any) -> bool:
    """Whether this person works in one store, and so gets the store's own look."""
    return isinstance(user, Staff) and user.role in _SHOP_ROLES


def _doors(person: Staff) -> Iterator[Door]:
    return _shop_doors(person) if person.role in _SHOP_ROLES else _office_doors(person)


def _shop_doors(person: Staff) -> Iterator[Door]:
    yield Door("今日", "house", "dashboard:today", frozenset({"dashboard"}), group="日常")
    yield Door("活动", "shopping-basket", "campaigns:list", frozenset({"campaigns"}), group="日常")
    yield Door("排期", "calendar-days", "plan:mine", frozenset({"plan"}), tucked=True, group="日常")
    if person.role == Staff.Role.MANAGER:
        yield Door("经营", "chart-line", "metrics:overview", _FIGURES, tucked=True, group="日常")
    store = (person.store_id,)
    yield Door("门店", "store", "stores:detail", frozenset({"stores"}), store, tucked=True, group="日常")
    yield Door("会员", "users", "members:list", frozenset({"members"}), group="会员")
    yield Door("人群", "users-round", "segments:list", _GROUPS, tucked=True, group="会员")
    yield Door("话术", "message-square-quote", "talks:wording", frozenset({"talks"}), tucked=True, group="会员")
    yield Door("口味", "cherry", "tastes:list", frozenset({"tastes"}), tucked=True, group="会员")
    yield Door("社群", "messages-square", "communities:list", frozenset({"communities"}), group="社群")
    yield Door("渠道码", "qr-code", "codes:list", frozenset({"codes"}), tucked=True, group="社群")
    yield Door("欢迎语", "message-circle-heart", "welcomes:list", frozenset({"welcomes"}), tucked=True, group="社群")
    yield Door("素材", "images", "materials:list", frozenset({"materials"}), tucked=True, group="社群")
    if person.role == Staff.Role.MANAGER:
        yield Door("导入", "file-up", "imports:list", frozenset({"imports"}), tucked=True, group="设置")
    yield Door("我的", "circle-user", "stores:account", _MINE, group="设置")


def _office_doors(person: Staff) -> Iterator[Door]:
    yield Door("总览", "layout-dashboard", "dashboard:home", frozenset({"dashboard"}), group="日常")
    yield Door("执行", "calendar-check", "dashboard:execution", _EXECUTION, group="日常")
    yield Door("门店", "store", "stores:list", frozenset({"stores"}), group="日常")
    yield Door("活动", "shopping-basket", "campaigns:list", frozenset({"campaigns"}), tucked=True, group="日常")
    yield Door("经营", "chart-line", "metrics:overview", _FIGURES, group="数据")
    if person.is_hq:
        yield Door("效果", "chart-column", "feedback:feedback", frozenset({"feedback"}), tucked=True, group="数据")
    yield Door("计划", "calendar-days", "plan:grid", frozenset({"plan"}), tucked=True, group="内容")
    yield Door("素材", "images", "materials:list", frozenset({"materials"}), tucked=True, group="内容")
    yield Door("话术", "message-square-quote", "talks:wording", frozenset({"talks"}), tucked=True, group="内容")
    yield Door("会员", "users", "members:list", frozenset({"members"}), tucked=True, group="会员")
    yield Door("人群", "users-round", "segments:list", _GROUPS, tucked=True, group="会员")
    yield Door("口味", "cherry", "tastes:list", frozenset({"tastes"}), tucked=True, group="会员")
    yield Door("社群", "messages-square", "communities:list", frozenset({"communities"}), tucked=True, group="社群")
    yield Door("渠道码", "qr-code", "codes:list", frozenset({"codes"}), tucked=True, group="社群")
    yield Door("欢迎语", "message-circle-heart", "welcomes:list", frozenset({"welcomes"}), tucked=True, group="社群")
    handovers = frozenset({"handovers"})
    yield Door("离职与交接", "arrow-right-left", "handovers:list", handovers, tucked=True, group="社群")
    yield Door("导入", "file-up", "imports:list", frozenset({"imports"}), tucked=True, group="设置")
    yield Door("我的", "circle-user", "stores:account", _MINE, group="设置")


def _whereabouts(request: HttpRequest) -> str:
    """The namespace of this page; a few pages with a door of their own go by their full name."""
    match = request.resolver_match
    if match is None:
        return ""
    return match.view_name if match.view_name in _BY_NAME else match.namespace


@register.filter
def elided(page: Page[Any]) -> Iterable[int | str]:
    """The page numbers to offer: both ends, the neighbours, and … between."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


@register.inclusion_tag("shell/sort_header.html", takes_context=True)
def sort_header(
    context: Context, label: str, name: str, sort: str, css: str = "", *, title: str = "", unit: str = ""
) -> dict[str, str]:
    """A column head that sorts `#rows` by a name, and turns the direction when it already does.

    :param title: what the column means, for who points at it; :param unit: small, below the name
    """
    query = context["request"].GET.copy()
    query.pop("page", None)
    query["sort"] = f"-{name}" if sort == name else name
    direction = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
    return {
        "label": label, "css": css, "direction": direction, "url": f"?{query.urlencode()}", "title": title,
        "unit": unit,
    }  # fmt: skip


@register.simple_tag
def today() -> date:
    """The business day."""
    return timezone.localdate()


@register.filter
def listed(words: str) -> list[str]:
    """A short list written in a template, its words apart by commas."""
    return words.split(",")


@register.filter
def tone(name: str) -> str:
    """The colour class of a category or a person without a picture, the same wherever the name stands."""
    return f"tone-{1 + crc32(name.encode()) % _TONES}"


@register.filter
def life(store: Store) -> list[dict[str, Any]]:
    """A store's stages in order: what is past, where it stands, and when each began."""
    order = list(Store.Stage)
    dates = (store.fitout_on, store.opened_on, store.running_on, store.suspended_on)
    now = order.index(Store.Stage(store.stage))
    return [
        {"label": stage.label, "on": on, "is_now": place == now, "css": _step_css(stage, place, now, on)}
        for place, (stage, on) in enumerate(zip(order, dates, strict=True))
    ]


def _step_css(stage: Store.Stage, place: int, now: int, on: date | None) -> str:
    if place == now:
        return "is-now is-stop" if stage == Store.Stage.SUSPENDED else "is-now"
    return "is-past" if place < now and on is not None else ""
