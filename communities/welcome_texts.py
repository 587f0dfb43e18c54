"""The words of a welcome: which text holds for a newcomer, and what it says to her."""

from collections.abc import Iterable

from django.db.models import Q

from communities import directory
from communities.models import EntryCode, WelcomeText
from stores.models import Staff, Store

TEXT = "你好，我是{店名}店长{店长}，很高兴认识你！\n{利益点}\n{优惠券}\n有想吃的、想问的，随时在这里找我。"
FALLBACK = "你好，我是{店名}店长{店长}，有需要随时在这里找我。"
PLACES = ("店名", "店长", "利益点", "优惠券")


_WIDEST = {"店名": 64, "店长": 32, "利益点": 32}  # characters


def text_for(*, store: Store | None, scene: str) -> WelcomeText:
    """The closest text: of this store and scene, of this store, of this scene, of the chain, or a plain one."""
    return closest(WelcomeText.objects.filter(Q(store=store) | Q(store=None), scene__in={"", scene}), scene=scene)


def closest(texts: Iterable[WelcomeText], *, scene: str) -> WelcomeText:
    """Of one store's texts and the chain's, the one that holds for a scene, with what it takes over from the chain."""
    fitting = sorted(
        (one for one in texts if one.scene in {"", scene}),
        key=lambda one: (one.store_id is not None, one.scene != ""), reverse=True,
    )  # fmt: skip
    if not fitting:
        return WelcomeText(text=TEXT, fallback=FALLBACK)
    chosen = fitting[0]
    chain = next((one for one in fitting if one.store_id is None), chosen)
    chosen.coupon = chosen.coupon or chain.coupon
    chosen.links = chosen.links or chain.links
    return chosen


def at_its_longest(text: str, *, coupon: str) -> str:
    """The text with every place filled as widely as it can be."""
    values = {place: "宽" * _WIDEST.get(place, 0) for place in PLACES} | {"优惠券": coupon}
    for place, value in values.items():
        text = text.replace(f"{{{place}}}", value)
    return text


def filled(text: str, *, store: Store, person: Staff, code: EntryCode | None, coupon: str) -> str:
    """The text with its places filled; a line that has nothing to say but an empty place is left out."""
    manager = person if person.role == Staff.Role.MANAGER else directory.manager_of(store) or person
    values = {"店名": store.name, "店长": manager.name, "利益点": code.bait if code else "", "优惠券": coupon}
    lines = []
    for line in text.splitlines():
        said = line
        for place in PLACES:
            said = said.replace(f"{{{place}}}", values[place])
        if said.strip() or not line.strip():
            lines.append(said)
    return "\n".join(lines).strip()


def unknown_places(text: str) -> list[str]:
    """Places in braces that nobody fills."""
    return [part.split("}")[0] for part in text.split("{")[1:] if part.split("}")[0] not in PLACES]
