"""The today board put together: the day's slots as this store sends them, its numbers and its groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db.models import Count, Sum
from django.utils import timezone

from communities.models import Asset, CustomerGroup, GroupMembership
from communities.selectors.content_facts import Use, gather
from communities.selectors.groups import group_rows
from communities.selectors.links import own_words
from communities.selectors.today import Post, SlotOfDay, rhythm, slots_of_day, tasks_of_day
from communities.services.cadence.swapping import alternatives
from communities.services.content.rendering import worded
from dashboard.chat_messages import parts
from members.models import Purchase
from stores.models import Staff, Store

_MANY_QUIT = 5
_QUIT_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Numbers:
    """A store's day so far."""

    sales_fen: int
    receipts: int
    joined: int
    quit: int


def slots_for(store: Store, *, at: datetime, group: CustomerGroup | None = None) -> list[SlotOfDay]:
    """The slots of the store's day, or of one group's, with the wording and pictures of every post in them."""
    day = timezone.localdate(at)
    tasks = tasks_of_day(store, day=day)
    slots = slots_of_day(list(tasks if group is None else tasks.filter(group=group)), at=at)
    _fill(slots, day=day)
    _offer(slots, at=at)
    return slots


def _offer(slots: Sequence[SlotOfDay], *, at: datetime) -> None:
    """Beside a post that is held back, what could go out in its place."""
    held = [post for one in slots for post in one.posts if post.blocked]
    if held:
        offered = alternatives([post.blocked[0] for post in held], at=at)
        for post in held:
            post.alternative = offered.get(post.blocked[0].pk)


def _fill(slots: Sequence[SlotOfDay], *, day: date) -> None:
    """Put wording, pictures and card into each post: as frozen, or as they would be now, in one go.

    Frozen words carry the links of the group that gets them next by hand.
    """
    posts = [post for one in slots for post in one.posts]
    own = own_words([post.by_hand[0] for post in posts if post.by_hand])
    uses = [_use(post, day) for post in posts if post.content is None]
    facts = gather(uses) if uses else None
    hung: list[tuple[Post, list[dict[str, Any]]]] = []
    for post in posts:
        said = own.get(post.by_hand[0].pk) if post.by_hand else None
        if said is not None:
            post.text, attachments = said.text, said.attachments
        elif post.content is not None:
            post.text, attachments = post.content.text, post.content.attachments
        elif facts is not None:
            wording = worded(facts, _use(post, day))
            post.text, post.gaps, attachments = wording.text, wording.gaps, wording.attachments
        hung.append((post, attachments))
    known = Asset.objects.in_bulk({one["asset"] for _, attachments in hung for one in attachments if "asset" in one})
    for post, attachments in hung:
        post.pictures = [known[one["asset"]] for one in attachments if one.get("asset") in known]
        post.card = next((one for one in attachments if "url" in one or "appid" in one), None)
        post.parts = parts(post.text, attachments)


def _use(post: Post, day: date) -> Use:
    return Use(store_id=post.first.store_id, version_id=post.first.version_id, day=day, slot_number=post.first.slot_id)


def numbers_of(store: Store, *, at: datetime) -> Numbers:
    """What the store sold today, and who came into its groups and left them."""
    since = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    sold = Purchase.objects.filter(store=store, bought_at__gte=since, bought_at__lte=at).aggregate(
        fen=Sum("paid_fen"), receipts=Count("receipt", distinct=True)
    )
    stays = GroupMembership.objects.filter(group__store=store, is_staff=False)
    return Numbers(
        sales_fen=sold["fen"] or 0,
        receipts=sold["receipts"],
        joined=stays.filter(joined_at__gte=since).count(),
        quit=stays.filter(left_at__gte=since).count(),
    )


def groups_of(store: Store, *, at: datetime) -> list[tuple[CustomerGroup, str, str]]:
    """The store's groups, each with a word on its health and the tone of its pill."""
    rows = group_rows(CustomerGroup.objects.live().filter(store=store), at=at)
    return [(group, *_health(group)) for group in rows]


def _health(group: Any) -> tuple[str, str]:
    if group.handover == CustomerGroup.Handover.OWNER_LEFT:
        return "待继承", "pill-bad"
    if group.is_full:
        return "已满", "pill-bad"
    if group.quit >= max(_MANY_QUIT, _QUIT_SHARE * group.member_count):
        return "退群多", "pill-warn"
    return "正常", "pill-good"


def board(store: Store, *, viewer: Staff, at: datetime) -> dict[str, Any]:
    """What the template of the slots shows; only the store's own people may act."""
    slots = slots_for(store, at=at)
    done, planned = rhythm(slots)
    return {
        "store": store,
        "slots": slots,
        "done": done,
        "planned": planned,
        "may_act": viewer.store_id == store.pk,
        "helper": _group_send_helper(viewer),
    }


def _group_send_helper(viewer: Staff) -> str:
    """Where 群发助手 can be opened by a link: nowhere in the real client, in the sandbox its page."""
    if not settings.WECOM_JSSDK_URL or not viewer.wecom_userid:
        return ""
    sandbox = urlsplit(settings.WECOM_JSSDK_URL)
    return (
        f"{sandbox.scheme}://{sandbox.netloc}/sandbox/?{urlencode({'manager': viewer.wecom_userid, 'm_room': 'mass'})}"
    )
