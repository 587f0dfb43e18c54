"""Change what newcomers are told: the chain's texts by HQ, a store's by its manager within limits."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from django.db import transaction

from communities import welcome_texts
from communities.models import WelcomeText
from stores.models import Staff, Store
from stores.services.auditing import audit
from wecom.client.content import MAX_ATTACHMENTS, ContentRefused, Link, within

MOST_LINKS = MAX_ATTACHMENTS - 1  # the group's code is one of the nine


class LinkWords(TypedDict):
    title: str
    url: str
    desc: str


def check_text(*, text: str, coupon: str = "") -> None:
    """Whether a text may be sent whatever its places are filled with.

    :raises ContentRefused: a place nobody fills, or more than 4,000 bytes
    """
    unknown = welcome_texts.unknown_places(text)
    if unknown:
        known = "、".join(f"{{{place}}}" for place in welcome_texts.PLACES)
        raise ContentRefused(f"不认识 {{{unknown[0]}}}，可以用 {known}")
    within(welcome_texts.at_its_longest(text, coupon=coupon), limit=4_000, what="填上店名等以后，欢迎语")


def check_links(links: Sequence[LinkWords]) -> None:
    """:raises ContentRefused: too many, or one WeCom would not take"""
    if len(links) > MOST_LINKS:
        raise ContentRefused(f"图文链接最多 {MOST_LINKS} 条，加上群二维码一共 {MAX_ATTACHMENTS} 个附件")
    for link in links:
        Link(**link).payload()


@transaction.atomic
def save_text(
    *, store: Store | None, scene: str, text: str, fallback: str, with_group: bool, by: Staff, at: datetime,
    coupon: str = "", links: Sequence[LinkWords] = (),
) -> WelcomeText:  # fmt: skip
    """Set the welcome of a store, or without one of the chain, for a scene, or with "" for all.

    :raises ContentRefused: WeCom would not take it
    """
    check_text(text=text, coupon=coupon)
    check_text(text=fallback, coupon=coupon)
    check_links(links)
    row, _ = WelcomeText.objects.update_or_create(
        store=store, scene=scene,
        defaults={
            "text": text, "fallback": fallback, "coupon": coupon, "links": list(links), "with_group": with_group,
            "changed_by": by, "changed_at": at,
        },
    )  # fmt: skip
    audit(actor=by, action="welcome.save", at=at, target=scene or "all", store=store, detail={"text": text})
    return row


@transaction.atomic
def reset_text(*, store: Store | None, scene: str, by: Staff, at: datetime) -> bool:
    """Let the next wider text hold again. False where there was none of one's own."""
    gone, _ = WelcomeText.objects.filter(store=store, scene=scene).delete()
    if gone:
        audit(actor=by, action="welcome.reset", at=at, target=scene or "all", store=store)
    return bool(gone)
