"""What to do next: for the figures in which a store is furthest behind its peers, the page where it can be changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from metrics.selectors.standing import Standing
from metrics.showing import written
from stores.models import Staff, Store

MOST = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, why, and where."""

    title: str
    why: str
    url: str
    icon: str
    place: str  # what the link is called


@dataclass(frozen=True, slots=True)
class _Remedy:
    title: str
    icon: str
    place: str
    page: str
    office: str = ""  # where HQ and region leads look instead: their pages are not the shop's


_REMEDIES = {
    "on_time_rate": _Remedy("先把今天的四个时段准时发出", "calendar-check", "今日", "dashboard:today", "execution"),
    "join_rate": _Remedy("扫了码没进群：试一遍入群码，换个利益点", "qr-code", "入群码", "codes:list"),
    "quit_rate": _Remedy("退群偏多：少发促销，多发挑选知识", "calendar-days", "排期", "plan:mine", "plan"),
    "active_rate": _Remedy("群里安静：开一场接龙，让人有事可做", "shopping-basket", "开接龙", "campaigns:new"),
    "interest_rate": _Remedy("链接没人点：换一批素材和文案", "images", "素材", "materials:list"),
    "repurchase_rate": _Remedy("老客没回来：今天该聊的人已经排好", "message-square-quote", "今日可聊", "talks:mine"),
    "monthly_spend": _Remedy("群里的人花得少：用拼团和第二件带动", "shopping-basket", "活动", "campaigns:list"),
    "aov": _Remedy("每单偏小：接龙里放组合装和加购", "shopping-basket", "开接龙", "campaigns:new"),
    "net_sales": _Remedy("销售落后同类门店：先开一场接龙把人带到店", "shopping-basket", "开接龙", "campaigns:new"),
}  # fmt: skip


def advice_for(user: Staff, store: Store, standings: Sequence[Standing]) -> list[Step]:
    """At most three steps, the widest gap first; none where the store keeps up."""
    steps = [_step(user, store, one) for one in standings if one.is_behind and one.metric.code in _REMEDIES]
    return [step for step in steps if step is not None][:MOST]


def _step(user: Staff, store: Store, one: Standing) -> Step | None:
    remedy = _REMEDIES[one.metric.code]
    is_shop = user.role in {Staff.Role.MANAGER, Staff.Role.GUIDE}
    why = f"{one.metric.name} {written(one.metric, one.own)}，同类中位 {written(one.metric, one.middle)}"
    try:
        if is_shop:
            url = reverse(remedy.page)
        elif remedy.office == "execution":
            url = reverse("dashboard:execution_store", args=[store.pk])
        elif remedy.office == "plan":
            url = reverse("plan:preview")
        else:
            url = reverse(remedy.page)
    except NoReverseMatch:
        return None
    return Step(remedy.title, why, url, remedy.icon, remedy.place if is_shop or not remedy.office else "去看看")
