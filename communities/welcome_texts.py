"""The words of a welcome: which text holds for a newcomer, and what it says to her."""

from django.db.models import Q

from communities import directory
from communities.models import EntryCode, WelcomeText
from stores.models import Staff, Store

TEXT = "你好，我是{店名}店长{店长}，很高兴认识你！\n{利益点}\n{优惠券}\n有想吃的、想问的，随时在这里找我。"
FALLBACK = "你好，我是{店名}店长{店长}，有需要随时在这里找我。"
PLACES = ("店名", "店长", "利益点", "优惠券")


def text_for(*, store: Store, scene: str) -> WelcomeText:
    """The closest text: of this store and scene, of this store, of this scene, of the chain, or a plain one."""
    wanted = WelcomeText.objects.filter(Q(store=store) | Q(store=None), scene__in={"", scene})
    plain = WelcomeText(text=TEXT, fallback=FALLBACK)
    return max(wanted, key=lambda one: (one.store_id is not None, one.scene != ""), default=plain)


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
