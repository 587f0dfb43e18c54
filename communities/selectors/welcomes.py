"""What newcomers are told, scene by scene, and by whose word."""

from dataclasses import dataclass

from django.db.models import Q

from communities import directory, welcome_texts
from communities.models import EntryCode, WelcomeText
from stores.models import Staff, Store
from stores.selectors import stores_for

_SAMPLE_BAIT = "进群领 10 元券"


@dataclass(frozen=True, slots=True)
class SceneText:
    """The text that holds for one scene; `is_own` says that it was set for this very store and scene."""

    scene: str
    label: str
    text: WelcomeText
    is_own: bool

    @property
    def source(self) -> str:
        if self.text.pk is None:
            return "系统默认"
        where = "本店" if self.text.store_id else "总部"
        return where if self.is_own else f"沿用{where}{'通用' if not self.text.scene else ''}"


def scene_texts(store: Store | None) -> list[SceneText]:
    """What holds in each scene of a store or, without one, of the chain. One query."""
    mine = Q(store=None) if store is None else Q(store=store) | Q(store=None)
    rows = list(WelcomeText.objects.filter(mine))
    own = {row.scene for row in rows if row.store_id == (store.pk if store else None)}
    scenes = [("", "通用"), *EntryCode.Scene.choices]
    return [
        SceneText(scene=scene, label=str(label), text=welcome_texts.closest(rows, scene=scene), is_own=scene in own)
        for scene, label in scenes
    ]


def may_edit_welcomes(user: Staff, store: Store | None) -> bool:
    """The chain's are HQ's; a store's are its manager's, its region lead's and HQ's."""
    if store is None:
        return user.is_hq
    return user.role != Staff.Role.GUIDE and stores_for(user).filter(pk=store.pk).exists()


def said(text: str, *, store: Store | None, coupon: str) -> str:
    """The text as a newcomer of this store would read it, or of a store made up."""
    place = store or Store(name="翠竹店")
    manager = (directory.manager_of(store) if store else None) or Staff(name="王芳", role=Staff.Role.MANAGER)
    code = EntryCode(bait=_SAMPLE_BAIT)
    return welcome_texts.filled(text, store=place, person=manager, code=code, coupon=coupon)
