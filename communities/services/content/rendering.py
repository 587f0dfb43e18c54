"""A material as one store sends it: its placeholders filled from what that store is, asks and holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from communities import placeholders
from communities.models import Asset, MaterialVersion, Slot
from communities.selectors.content_facts import Facts, Use, gather, quoted, texts_of


@dataclass(frozen=True, slots=True)
class Wording:
    """What one store says. `attachments` are as in `PostContent`; `gaps` are the places that could not be filled.

    The first picture of a material with a card is the card's cover (`cover`, an asset id) and is not sent alone.
    """

    text: str
    attachments: list[dict[str, Any]]
    gaps: list[str]


def wordings(wanted: Iterable[tuple[int, int]], *, day: date, slot: Slot) -> dict[tuple[int, int], Wording]:
    """What each (store, version) says in this slot; the same few queries for any number of them."""
    pairs = set(wanted)
    uses = {pair: Use(store_id=pair[0], version_id=pair[1], day=day, slot_number=slot.number) for pair in pairs}
    facts = gather(uses.values())
    return {pair: worded(facts, use) for pair, use in uses.items()}


def worded(facts: Facts, use: Use) -> Wording:
    """What one use says, from facts gathered before."""
    version = facts.versions[use.version_id]
    values = facts.values(use)
    return Wording(
        text=placeholders.parse(version.text).filled(values).strip(),
        attachments=_attachments(version, facts.assets[use.version_id], values),
        gaps=gaps(version, values),
    )


def gaps(version: MaterialVersion, values: dict[str, str]) -> list[str]:
    """The places of a version that have no value, known or not, in the order they stand."""
    places = [place for text in texts_of(version) for place in placeholders.parse(text).places]
    return list(dict.fromkeys(place for place in places if not values.get(place)))


def _attachments(version: MaterialVersion, assets: list[Asset], values: dict[str, str]) -> list[dict[str, Any]]:
    card = _card(version, values)
    if card is not None:
        cover = next((asset for asset in assets if asset.kind == Asset.Kind.IMAGE), None)
        if cover is not None:
            card["cover"] = cover.pk
            assets = [asset for asset in assets if asset is not cover]
    files: list[dict[str, Any]] = [{"asset": asset.pk} for asset in assets]
    return files if card is None else [*files, card]


def _card(version: MaterialVersion, values: dict[str, str]) -> dict[str, Any] | None:
    title = placeholders.parse(version.link_title).filled(values)
    inside = quoted(values)
    if version.link_url:
        return {
            "url": placeholders.parse(version.link_url).filled(inside),
            "title": title,
            "description": placeholders.parse(version.link_description).filled(values),
        }
    if version.miniprogram_appid:
        page = placeholders.parse(version.miniprogram_page).filled(inside)
        return {"appid": version.miniprogram_appid, "page": page, "title": title}
    return None
