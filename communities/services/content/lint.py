"""Check posts before they go out: a reason in Chinese for whatever HQ wants blocked or warned of."""

import re
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.utils import timezone

from communities import placeholders
from communities.models import PROMOTIONS, EntryCode, LintRule, MaterialVersion
from communities.selectors.content_facts import Facts, Use, gather, spoken_price
from communities.services.content import history, links
from communities.services.content.banned import current_words
from communities.services.content.history import Placed, Usage
from communities.services.content.rendering import gaps
from communities.services.content.wording_checks import (
    Finding,
    Rules,
    current_rules,
    expiry_findings,
    link_findings,
    picture_findings,
    product_name_of,
    wording_findings,
)

Check = LintRule.Check
QUIET_FROM, QUIET_UNTIL = time(21), time(9)  # product default (wecom.md §8.2); the last slot is at 20:00
_CODE_PATH = re.compile(r"/c/(dq[0-9a-f]{16})\b")  # what is printed and sent of our entry codes


@dataclass(frozen=True, slots=True)
class Draft:
    """One post to be checked; `key` names it in the answer."""

    key: Hashable
    group_id: int
    store_id: int
    version_id: int
    day: date
    slot_number: int
    due_at: datetime

    def use(self) -> Use:
        return Use(store_id=self.store_id, version_id=self.version_id, day=self.day, slot_number=self.slot_number)

    def placed(self) -> Placed:
        return Placed(
            group_id=self.group_id, store_id=self.store_id, version_id=self.version_id, day=self.day,
            slot_number=self.slot_number,
        )  # fmt: skip


def check(drafts: Sequence[Draft], *, at: datetime) -> dict[Hashable, list[Finding]]:  # noqa: ARG001 -- a draft brings its own day and hour
    """What is wrong with each draft, by its key; one without findings has an empty list.

    The same few queries for any number of drafts. A post that exists for a draft's group, day and slot is taken to be
    the draft itself. What is wrong with the wording is judged by the material, not by the name of a store.
    """
    if not drafts:
        return {}
    rules = current_rules()
    facts = gather({draft.use() for draft in drafts})
    of_version = _version_findings(drafts, facts, rules)
    of_store = _store_findings(drafts, facts, rules)
    of_day = _day_findings(drafts, facts, rules)
    of_picture = _reuse_findings(drafts, facts, rules)
    return {
        draft.key: [
            *of_version[draft.version_id, draft.day], *of_store[draft.use()], *_quiet(draft, rules),
            *of_day[draft.key], *of_picture[draft.key],
        ]
        for draft in drafts
    }  # fmt: skip


def _version_findings(drafts: Sequence[Draft], facts: Facts, rules: Rules) -> dict[tuple[int, date], list[Finding]]:
    words = current_words()
    addresses = {pk: links.addresses_of(version) for pk, version in facts.versions.items()}
    verdicts = links.known({address for found in addresses.values() for address in found})
    retired = _retired_codes(facts.versions)
    static = {
        pk: [
            *wording_findings(version, rules=rules, words=words, product_name=product_name_of(version)),
            *picture_findings(facts.assets[pk], rules=rules),
            *link_findings(addresses[pk], verdicts=verdicts, rules=rules),
            *_retired_finding(pk in retired, rules),
        ]
        for pk, version in facts.versions.items()
    }  # fmt: skip
    return {
        (pk, day): [*static[pk], *expiry_findings(facts.versions[pk].expires_on, day=day, rules=rules)]
        for pk, day in {(draft.version_id, draft.day) for draft in drafts}
    }


def _retired_finding(is_retired: bool, rules: Rules) -> list[Finding]:  # noqa: FBT001 -- said at the one call
    if not is_retired or not rules.is_on(Check.EXPIRED):
        return []
    return [rules.finding(Check.EXPIRED, "里面的渠道码已停用，顾客扫不开")]


def _retired_codes(versions: Mapping[int, MaterialVersion]) -> set[int]:
    """The versions that point to an entry code out of use."""
    tokens = {pk: set(_CODE_PATH.findall(f"{version.text}\n{version.link_url}")) for pk, version in versions.items()}
    wanted = set().union(*tokens.values())
    if not wanted:
        return set()
    codes = EntryCode.objects.filter(token__in=wanted, status=EntryCode.Status.RETIRED)
    retired = set(codes.values_list("token", flat=True))
    return {pk for pk, found in tokens.items() if found & retired}


def _store_findings(drafts: Sequence[Draft], facts: Facts, rules: Rules) -> dict[Use, list[Finding]]:
    return {use: store_findings(use, facts, rules) for use in {draft.use() for draft in drafts}}


def store_findings(use: Use, facts: Facts, rules: Rules) -> list[Finding]:
    """Whether the store has the product, at that price, and every place can be filled."""
    version = facts.versions[use.version_id]
    findings: list[Finding] = []
    if version.product is not None:
        shelved, name = facts.shelved(use.store_id, version), version.product.name
        if shelved is None or not shelved.on_sale:
            what = f"本店没有上架{name}" if shelved is None else f"{name}在本店已下架"
            _add(findings, rules, Check.NOT_STOCKED, what)
        elif not shelved.stock:
            _add(findings, rules, Check.SOLD_OUT, f"{name}在本店已售罄，库存为 0")
        if shelved is not None and version.price_fen not in {None, shelved.price_fen}:
            said, ours = (
                spoken_price(fen or 0, version.product.unit) for fen in (version.price_fen, shelved.price_fen)
            )
            _add(findings, rules, Check.PRICE_DIFFERS, f"素材写 {said}，本店卖 {ours}")
    empty = gaps(version, facts.values(use))
    if version.product is not None and facts.shelved(use.store_id, version) is None:
        empty = [place for place in empty if place not in placeholders.ABOUT_PRODUCT]  # said above
    for place in empty:
        _add(findings, rules, Check.UNFILLED, _empty(place))
    return findings


def _empty(place: str) -> str:
    if place not in placeholders.KNOWN:
        return f"不认识占位 {{{place}}}，请改成列表里有的"
    if place == placeholders.ORDER_LINK:
        return "这个时段还没有开接龙，{接龙链接} 没有内容"
    if place in placeholders.ABOUT_PRODUCT:
        return f"素材没有选商品，{{{place}}} 没有内容"
    return f"门店资料里没有，{{{place}}} 没有内容"


def _add(findings: list[Finding], rules: Rules, check: LintRule.Check, message: str) -> None:
    if rules.is_on(check):
        findings.append(rules.finding(check, message))


def _quiet(draft: Draft, rules: Rules) -> list[Finding]:
    hour = timezone.localtime(draft.due_at).time()
    if QUIET_UNTIL <= hour < QUIET_FROM or not rules.is_on(Check.QUIET_HOURS):
        return []
    message = f"{hour:%H:%M} 在免打扰时段（{QUIET_FROM:%H:%M} 到次日 {QUIET_UNTIL:%H:%M}）"
    return [rules.finding(Check.QUIET_HOURS, message)]


def _day_findings(drafts: Sequence[Draft], facts: Facts, rules: Rules) -> dict[Hashable, list[Finding]]:
    """Too many posts a day in one group, or too much promotion among them."""
    findings: dict[Hashable, list[Finding]] = defaultdict(list)
    if not (rules.is_on(Check.DAY_LIMIT) or rules.is_on(Check.PROMOTION_SHARE)):
        return findings
    meant: dict[tuple[int, date], dict[int, int]] = defaultdict(dict)  # version by slot
    existing = history.day_posts(group_ids={d.group_id for d in drafts}, days={d.day for d in drafts})
    for post in (*existing, *(draft.placed() for draft in drafts)):
        meant[post.group_id, post.day][post.slot_number] = post.version_id
    themes = {pk: version.material.theme for pk, version in facts.versions.items()}
    themes |= history.themes_of({post.version_id for post in existing} - themes.keys())
    most, share = rules.limit(Check.DAY_LIMIT, 5), rules.limit(Check.PROMOTION_SHARE, 75)
    for draft in drafts:
        day = meant[draft.group_id, draft.day]
        place = sum(slot <= draft.slot_number for slot in day)
        if place > most:
            _add(findings[draft.key], rules, Check.DAY_LIMIT, f"这是本群当天第 {place} 条，每天最多 {most} 条")
        promotions = sum(themes[version_id] in PROMOTIONS for version_id in day.values())
        # One post alone is all promotion or none: a share says something from two on.
        if themes[draft.version_id] in PROMOTIONS and len(day) > 1 and promotions * 100 > share * len(day):
            message = f"当天 {len(day)} 条里有 {promotions} 条促销，占比超过 {share}%"
            _add(findings[draft.key], rules, Check.PROMOTION_SHARE, message)
    return findings


def _reuse_findings(drafts: Sequence[Draft], facts: Facts, rules: Rules) -> dict[Hashable, list[Finding]]:
    """Pictures, or ones that look the same, that the group or the store had within the rule's days."""
    findings: dict[Hashable, list[Finding]] = defaultdict(list)
    days = rules.limit(Check.REUSED_IMAGE, 7)
    pictures = facts.assets
    if not rules.is_on(Check.REUSED_IMAGE) or days < 1:
        return findings
    carriers = history.lookalikes(asset for assets in pictures.values() for asset in assets)
    first = history.window(days, until=min(draft.day for draft in drafts))
    posts = history.recent_posts(
        store_ids={draft.store_id for draft in drafts}, first=first, last=max(draft.day for draft in drafts),
        version_ids=set().union(*carriers.values()),
    )  # fmt: skip
    ours = {(draft.group_id, draft.day, draft.slot_number) for draft in drafts}
    others = [post for post in posts if (post.group_id, post.day, post.slot_number) not in ours]
    usage = Usage([*others, *(draft.placed() for draft in drafts)])
    for draft in drafts:
        for number, asset in enumerate(pictures[draft.version_id], 1):
            used = usage.before(draft.placed(), carriers.get(asset.pk, frozenset()), days=days)
            if used is not None:
                ago, here = used
                when = "今天已经" if ago == 0 else f"{ago} 天前"
                where = "本群" if here else "本店其他群"
                findings[draft.key].append(
                    rules.finding(Check.REUSED_IMAGE, f"第 {number} 张图{when}在{where}用过，{days} 天内请换一张")
                )
    return findings
