"""How a material that is being written would look in one store, and what is wrong with it, before it is saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from communities import placeholders
from communities.models import Asset, LintRule, MaterialVersion, Slot
from communities.selectors.content_facts import Facts, Use, facts_about
from communities.services.content import links
from communities.services.content.banned import current_words
from communities.services.content.lint import store_findings
from communities.services.content.materials import Content, check_content
from communities.services.content.refusals import ContentIncomplete
from communities.services.content.rendering import worded
from communities.services.content.wording_checks import (
    Finding,
    current_rules,
    expiry_findings,
    link_findings,
    picture_findings,
    wording_findings,
)
from stores.models import Product, Store

_UNSAVED = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """What one store would send: the text in pieces (`is_gap` where a place has no value), the files, the card."""

    pieces: list[tuple[str, bool]]
    assets: list[Asset]
    card: dict[str, Any] | None
    cover: Asset | None
    findings: list[Finding]
    incomplete: str  # what WeCom would not take; empty if nothing

    @property
    def is_blocked(self) -> bool:
        return any(finding.severity == LintRule.Severity.BLOCK for finding in self.findings)

    @property
    def is_empty(self) -> bool:
        return not (self.pieces or self.assets or self.card)


def preview(*, content: Content, store: Store | None, day: date, slot: Slot) -> Preview:
    """Render and check a content as one store would send it; without a store only what is the same in all."""
    version, assets = _unsaved(content)
    rules, words = current_rules(), current_words()
    product_name = version.product.name if version.product is not None else ""
    addresses = links.addresses_of(version)
    findings = [
        *wording_findings(version, rules=rules, words=words, product_name=product_name),
        *picture_findings(assets, rules=rules),
        *link_findings(addresses, verdicts=links.known(addresses), rules=rules),
        *expiry_findings(version.expires_on, day=day, rules=rules),
    ]
    if store is None:
        return _as_written(version, assets, findings, content)
    use = Use(store_id=store.pk, version_id=_UNSAVED, day=day, slot_number=slot.number)
    facts = facts_about({_UNSAVED: version}, {_UNSAVED: assets}, [use])
    findings += store_findings(use, facts, rules)
    return _as_sent(facts, use, findings, content)


def _unsaved(content: Content) -> tuple[MaterialVersion, list[Asset]]:
    known = Asset.objects.in_bulk(content.asset_ids)
    product = Product.objects.filter(pk=content.product_id).first() if content.product_id else None
    version = MaterialVersion(
        text=content.text, product=product, price_fen=content.price_fen, link_url=content.link_url,
        link_title=content.link_title, link_description=content.link_description,
        miniprogram_appid=content.miniprogram_appid, miniprogram_page=content.miniprogram_page,
        expires_on=content.expires_on,
    )  # fmt: skip
    return version, [known[pk] for pk in content.asset_ids if pk in known]


def _as_sent(facts: Facts, use: Use, findings: list[Finding], content: Content) -> Preview:
    wording = worded(facts, use)
    values = facts.values(use)
    files = {asset.pk: asset for asset in facts.assets[_UNSAVED]}
    card = next((one for one in wording.attachments if "asset" not in one), None)
    return Preview(
        pieces=_pieces(facts.versions[_UNSAVED].text, values),
        assets=[files[one["asset"]] for one in wording.attachments if "asset" in one], card=card,
        cover=files.get(card.get("cover", 0)) if card else None, findings=findings, incomplete=_incomplete(content),
    )  # fmt: skip


def _as_written(
    version: MaterialVersion, assets: Sequence[Asset], findings: list[Finding], content: Content
) -> Preview:
    card = None
    if version.link_url or version.miniprogram_appid:
        card = {"title": version.link_title, "description": version.link_description}
    cover = next((asset for asset in assets if asset.kind == Asset.Kind.IMAGE), None) if card else None
    return Preview(
        pieces=_pieces(version.text, {}), assets=[asset for asset in assets if asset is not cover], card=card,
        cover=cover, findings=findings, incomplete=_incomplete(content),
    )  # fmt: skip


def _pieces(text: str, values: dict[str, str]) -> list[tuple[str, bool]]:
    template = placeholders.parse(text.strip())
    pieces = [(template.words[0], False)]
    for place, word in zip(template.places, template.words[1:], strict=True):
        value = values.get(place)
        pieces += [(value or f"{{{place}}}", not value), (word, False)]
    return [piece for piece in pieces if piece[0]]


def _incomplete(content: Content) -> str:
    try:
        check_content(content)
    except ContentIncomplete as reason:
        return str(reason)
    return ""
