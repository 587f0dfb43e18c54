"""The checks that depend on a material version alone, the same in every store; shown while one types."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from communities import placeholders
from communities.models import Asset, LintRule, MaterialVersion
from communities.services.content.banned import Hit, Words
from communities.services.content.links import Verdict

Check = LintRule.Check
_SENTENCE_ENDS = frozenset("。！？!?；;\n")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a post; `message` says what and why. `sentence` holds the wording, if it is about one."""

    check: str
    severity: str
    message: str
    sentence: tuple[str, str, str] | None = field(default=None, compare=False)  # before, the wording, behind


class Rules:
    """How HQ wants each check treated."""

    def __init__(self, rows: Iterable[LintRule]) -> None:
        self._rows = {row.check_name: row for row in rows}

    def limit(self, check: LintRule.Check, otherwise: int) -> int:
        row = self._rows.get(check)
        return otherwise if row is None or row.limit is None else row.limit

    def is_on(self, check: LintRule.Check) -> bool:
        row = self._rows.get(check)
        return row is not None and row.severity != LintRule.Severity.OFF

    def finding(self, check: LintRule.Check, message: str, sentence: tuple[str, str, str] | None = None) -> Finding:
        return Finding(check=check.value, severity=self._rows[check].severity, message=message, sentence=sentence)


def current_rules() -> Rules:
    """The rules as they stand; one query."""
    return Rules(LintRule.objects.all())


class Written(Protocol):
    """What a version says; a stored one, or one that is being written."""

    text: str
    link_url: str
    link_title: str
    link_description: str
    expires_on: date | None


def wording_findings(version: Written, *, rules: Rules, words: Words, product_name: str = "") -> list[Finding]:
    """Banned, absolute and share-inducing wordings in everything the author wrote, and in the product's name."""
    texts = [version.text, version.link_title, version.link_description]
    if product_name and placeholders.PRODUCT in placeholders.places_of(texts):
        texts.append(product_name)
    findings = []
    for text in texts:
        findings += [
            rules.finding(hit.check, _said(hit), _sentence(text, hit))
            for hit in _hits(text, words) if rules.is_on(hit.check)
        ]  # fmt: skip
    return findings


def _hits(text: str, words: Words) -> list[Hit]:
    return words.find(text)


def _said(hit: Hit) -> str:
    what = "诱导分享" if hit.check == Check.INDUCEMENT else "违禁用语"
    return f"“{hit.said}”属于{what}{'：' + hit.reason if hit.reason and hit.reason != what else ''}"


def _sentence(text: str, hit: Hit) -> tuple[str, str, str]:
    """The sentence around a wording, cut at it."""
    first, after = hit.start, hit.end
    while first > 0 and text[first - 1] not in _SENTENCE_ENDS:
        first -= 1
    while after < len(text) and text[after] not in _SENTENCE_ENDS:
        after += 1
    return text[first : hit.start].lstrip(), hit.said, text[hit.end : after + 1].rstrip()


def picture_findings(assets: Sequence[Asset], *, rules: Rules) -> list[Finding]:
    """Pictures too small to be looked at on a phone."""
    least = rules.limit(Check.LOW_RESOLUTION, 640)
    if not rules.is_on(Check.LOW_RESOLUTION):
        return []
    pictures = [asset for asset in assets if asset.kind == Asset.Kind.IMAGE]
    return [
        rules.finding(
            Check.LOW_RESOLUTION,
            f"第 {number} 张图只有 {asset.width}×{asset.height}，短边至少要 {least} 像素，请换一张清楚的",
        )
        for number, asset in enumerate(pictures, 1) if min(asset.width, asset.height) < least
    ]  # fmt: skip


def link_findings(addresses: Collection[str], *, verdicts: Mapping[str, Verdict], rules: Rules) -> list[Finding]:
    """Links that were tried and do not open; one not tried yet says nothing."""
    if not rules.is_on(Check.DEAD_LINK):
        return []
    return [
        rules.finding(Check.DEAD_LINK, f"链接打不开：{verdicts[address].reason}（{_short(address)}）")
        for address in addresses if address in verdicts and not verdicts[address].opens
    ]  # fmt: skip


def _short(address: str) -> str:
    longest = 40
    return address if len(address) <= longest else f"{address[:longest]}…"


def expiry_findings(expires_on: date | None, *, day: date, rules: Rules) -> list[Finding]:
    """A material past its last day."""
    if expires_on is None or expires_on >= day or not rules.is_on(Check.EXPIRED):
        return []
    return [
        rules.finding(
            Check.EXPIRED, f"素材有效期到 {expires_on.month}月{expires_on.day}日，{day.month}月{day.day}日已过期"
        )
    ]


def product_name_of(version: MaterialVersion) -> str:
    return version.product.name if version.product is not None else ""
