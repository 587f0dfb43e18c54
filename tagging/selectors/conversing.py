"""What is known of a store's members for talking to them, gathered for many at once: ten queries, however many.

Only purchases in this store count: that is what its people may see (docs/decisions/0010-who-sees-a-member.md).
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Func, Max, Min, Q, QuerySet, Sum, TextField
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.utils import timezone

from members.models import Consent, Contact, Member, Purchase
from members.selectors.habits import USUAL_NEEDS
from stores.models import Store, StoreProduct
from tagging import ladder
from tagging.knowledge import reasons_for
from tagging.models import Complaint, MemberFact, ScriptTemplate, Talk, Touch
from tagging.restraint import COMPLAINT_REST, TOUCH_WINDOW, WEEKDAYS, Standing

_LOOK_BACK = timedelta(days=365)
_FEEDBACK = timedelta(days=90)
_LIKED_FROM = 2  # receipts
_ALWAYS_FROM = 0.6  # of her visits on one weekday: then she comes that day and no other
_RECEIPT = Func(F("store"), F("source"), F("receipt"), function="ROW", output_field=TextField())
_SPOKEN = (Talk.State.TALKED, Talk.State.SOLD)


@dataclass(slots=True)
class Bought:
    """One product as a member buys it here; `weight` is receipts, each the less the longer ago the last one."""

    product_id: int
    name: str
    category: str
    receipts: int
    last_at: datetime
    weight: float


@dataclass(slots=True)
class Person:
    """A member as a conversation sees her."""

    member: Member
    known: ladder.Known
    standing: Standing
    product: Bought | None
    visits: int
    gap_days: float | None  # her usual days between two visits
    last_at: datetime | None
    spent_fen: int
    best_at: str
    outcomes: Counter[str] = field(default_factory=Counter)


def wordings() -> dict[int, str]:
    """HQ's wordings by rung, where HQ has changed them."""
    return dict(ScriptTemplate.objects.filter(retired_at=None).values_list("rung", "text"))


def people(store: Store, members: Sequence[Member], *, at: datetime) -> list[Person]:
    """Everything the ladder and restraint ask about these members, in their order."""
    ids = [member.pk for member in members]
    here = Purchase.objects.filter(store=store, member__in=ids, bought_at__gt=at - _LOOK_BACK, bought_at__lte=at)
    goods, habits, money = _goods(here, at=at), _habits(here), _money(here)
    told = _told(ids)
    shelf = set(
        StoreProduct.objects.filter(store=store, on_sale=True, stock__gt=0, product__is_active=True)
        .values_list("product", "product__category")
    )  # fmt: skip
    offers = {pk: _offered(goods[pk], {product for product, _ in shelf}) for pk in ids}
    talks = _talks(ids, at=at)
    chosen = {pk: one.product_id for pk, one in offers.items() if one is not None}
    reasons = reasons_for(store.pk, ids, chosen, timezone.localdate(at)) if chosen else {}
    standing = _standings(ids, store=store, habits=habits, money=money, talks=talks, at=at)
    found = []
    for member in members:
        pk = member.pk
        known = ladder.Known({"称呼": address(member), "店名": store.name})
        facts = told.get(pk, {})
        _learn_goods(known, goods[pk], offers[pk], facts, {category for _, category in shelf}, at=at)
        if standing[pk].has_chatted:
            known.learn(ladder.CHATS, "是", "聊过", "90 天内聊过天")
        if reason := facts.get(MemberFact.Key.REASON) or reasons.get(pk, ""):
            known.learn(
                ladder.REASON,
                reason,
                "理由",
                f"{reason}（{'她说的' if MemberFact.Key.REASON in facts else '从购买看出'}）",
            )
        if concern := facts.get(MemberFact.Key.CONCERN):
            known.learn(ladder.CONCERN, concern, "顾虑", concern)
        if household := facts.get(MemberFact.Key.HOUSEHOLD):
            known.learn("家庭", household, "家里", household)
        best_at = _learn_habit(known, habits[pk], facts)
        visits, first_at, last_at, fen = money.get(pk, {}).get("sum", (0, None, None, 0))
        gap = (last_at - first_at).total_seconds() / 86_400 / (visits - 1) if visits > 1 else None
        found.append(
            Person(member, known, standing[pk], offers[pk], visits, gap, last_at, fen, best_at, talks[pk]["outcomes"])
        )
    return found


def address(member: Member) -> str:
    """How she is addressed: 王女士 where name and gender are known, else by name, else 您好."""
    title = {Member.Gender.FEMALE: "女士", Member.Gender.MALE: "先生"}.get(Member.Gender(member.gender), "")
    if title and 2 <= len(member.name) <= 3 and "\u4e00" <= member.name[0] <= "\u9fff":  # noqa: PLR2004 -- a Chinese name
        return member.name[0] + title
    return member.name or "您好"


def _goods(here: QuerySet[Purchase], *, at: datetime) -> dict[int, list[Bought]]:
    rows = (
        here.filter(paid_fen__gte=0)
        .values_list("member", "product", "product__name", "product__category")
        .annotate(receipts=Count(_RECEIPT, distinct=True), last=Max("bought_at"))
    )
    found: dict[int, list[Bought]] = defaultdict(list)
    for pk, product, name, category, receipts, last in rows:
        age = (at - last).total_seconds() / 86_400
        found[pk].append(Bought(product, name, category, receipts, last, receipts * 0.5 ** (age / 90)))
    for bought in found.values():
        bought.sort(key=lambda one: (-one.weight, one.product_id))
    return found


def _habits(here: QuerySet[Purchase]) -> dict[int, dict[str, Counter[int]]]:
    rows = (
        here.filter(paid_fen__gte=0)
        .annotate(weekday=ExtractIsoWeekDay("bought_at"), hour=ExtractHour("bought_at"))
        .values_list("member", "weekday", "hour")
        .annotate(receipts=Count(_RECEIPT, distinct=True))
    )
    found: dict[int, dict[str, Counter[int]]] = defaultdict(lambda: {"day": Counter(), "hour": Counter()})
    for pk, weekday, hour, receipts in rows:
        found[pk]["day"][weekday] += receipts
        found[pk]["hour"][hour] += receipts
    return found


def _money(here: QuerySet[Purchase]) -> dict[int, dict[str, Any]]:
    sale = Q(paid_fen__gte=0)
    rows = here.values_list("member").annotate(
        visits=Count(_RECEIPT, distinct=True, filter=sale), first=Min("bought_at", filter=sale),
        last=Max("bought_at", filter=sale), fen=Sum("paid_fen"), back=Max("bought_at", filter=~sale),
    )  # fmt: skip
    return {pk: {"sum": (visits, first, last, fen), "returned": back} for pk, visits, first, last, fen, back in rows}


def _told(ids: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for pk, key, value in MemberFact.objects.filter(member__in=ids).values_list("member", "key", "value"):
        found[pk][key] = value
    return found


def _talks(ids: Sequence[int], *, at: datetime) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = defaultdict(lambda: {"outcomes": Counter(), "last": {}})
    rows = Talk.objects.filter(member__in=ids, answered_at__gt=at - _FEEDBACK, answered_at__lte=at)
    for pk, state, count, last in rows.values_list("member", "state").annotate(n=Count("pk"), last=Max("answered_at")):
        found[pk]["outcomes"][state] = count
        found[pk]["last"][state] = last
    return found


def _standings(
    ids: Sequence[int], *, store: Store, habits: dict[int, dict[str, Counter[int]]],
    money: dict[int, dict[str, Any]], talks: dict[int, dict[str, Any]], at: datetime,
) -> dict[int, Standing]:  # fmt: skip
    touches: dict[int, list[datetime]] = defaultdict(list)
    for pk, moment in Touch.objects.filter(member__in=ids, at__gt=at - TOUCH_WINDOW, at__lte=at).values_list(
        "member", "at"
    ):
        touches[pk].append(moment)
    complaints: dict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    standing_or_new = Q(settled_at=None) | Q(at__gt=at - COMPLAINT_REST)
    for pk, moment, settled in Complaint.objects.filter(standing_or_new, member__in=ids).values_list(
        "member", "at", "settled_at"
    ):
        complaints[pk].append((moment, settled))
    newest = Consent.objects.filter(member__in=ids, purpose=Consent.Purpose.MARKETING)
    last_word = newest.order_by("member", "-at", "-pk").distinct("member").values_list("member", "decision")
    refused = {pk for pk, decision in last_word if decision == Consent.Decision.WITHDRAWN}
    befriended = set(
        Contact.objects.filter(member__in=ids, staff__store=store, staff__is_active=True, ended_at=None, lost_at=None)
        .values_list("member", flat=True)
    )  # fmt: skip
    found = {}
    for pk in ids:
        bought, last = money.get(pk, {}), talks[pk]["last"]
        found[pk] = Standing(
            opted_out=pk in refused, touches=touches[pk], returned_at=bought.get("returned"),
            complained_at=max((moment for moment, _ in complaints[pk]), default=None),
            has_open_complaint=any(settled is None for _, settled in complaints[pk]),
            refused_at=last.get(Talk.State.REFUSED), put_off_at=last.get(Talk.State.LATER),
            last_bought_at=bought.get("sum", (0, None, None, 0))[2], visits=bought.get("sum", (0,))[0],
            has_chatted=any(talks[pk]["outcomes"][state] for state in _SPOKEN), has_contact=pk in befriended,
            only_on=_only_day(habits[pk]["day"]),
        )  # fmt: skip
    return found


def _only_day(days: Counter[int]) -> int | None:
    """The weekday she comes on, where it is plainly one."""
    visits = days.total()
    if visits < USUAL_NEEDS:
        return None
    weekday, count = max(days.items(), key=lambda one: (one[1], -one[0]))
    return weekday if count / visits >= _ALWAYS_FROM else None


def _offered(goods: list[Bought], shelf: set[int]) -> Bought | None:
    """The product she buys most of what lies there today: nothing is promised that is not in the shop."""
    return next((one for one in goods if one.product_id in shelf and one.receipts >= _LIKED_FROM), None)


def _learn_goods(
    known: ladder.Known, goods: list[Bought], offer: Bought | None, facts: dict[str, str], shelf: set[str], *,
    at: datetime,
) -> None:  # fmt: skip
    if said := facts.get(MemberFact.Key.LIKES):
        known.learn(ladder.LIKES, said, "爱吃", f"{said}（她说的）")
    else:
        kinds: Counter[str] = Counter()
        for one in goods:
            kinds[one.category] += one.receipts
        likes = next(
            (kind for kind, times in kinds.most_common() if kind in shelf and kind and times >= _LIKED_FROM), ""
        )
        if likes:
            known.learn(ladder.LIKES, likes, "爱吃", f"{likes}，一年买过 {kinds[likes]} 次")
    if offer is not None:
        day = timezone.localdate(offer.last_at)
        known.learn(ladder.BOUGHT, offer.name, "常买", f"{offer.name}，一年 {offer.receipts} 次，店里有货")
        ago = (timezone.localdate(at) - day).days
        known.values["上次"] = f"{day.month}月{day.day}日" if ago > 7 else "上次"  # noqa: PLR2004 -- days


def _learn_habit(known: ladder.Known, habit: dict[str, Counter[int]], facts: dict[str, str]) -> str:
    """Learn her day and hour, and say when she is best talked to."""
    only = _only_day(habit["day"])
    said = facts.get(MemberFact.Key.WEEKDAY, "")
    day = WEEKDAYS[only - 1] if only else said if said in WEEKDAYS else ""
    hour = (
        max(habit["hour"].items(), key=lambda one: (one[1], -one[0]))[0]
        if habit["day"].total() >= USUAL_NEEDS
        else None
    )
    if day:
        visits = habit["day"].total()
        how = f"{visits} 次里 {habit['day'][only]} 次{day}" if only else f"{day}（她说的）"
        known.learn(ladder.HABIT, day, "习惯", how)
    if hour is not None:
        known.values["时段"] = "上午" if hour < 12 else "下午" if hour < 17 else "傍晚" if hour < 20 else "晚上"  # noqa: PLR2004 -- o'clock
    usual = day or (
        WEEKDAYS[max(habit["day"], key=lambda one: (habit["day"][one], -one)) - 1] if hour is not None else ""
    )
    # An hour before she usually comes, and never in the quiet hours.
    return f"{usual} {min(max(hour - 1, 9), 20)} 点前后" if hour is not None else usual
