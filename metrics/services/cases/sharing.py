"""HQ writes a case up and shares it; a store copies it with one tap, and the copy stays tied to the case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns.errors import CampaignRefusal
from campaigns.models import Campaign
from campaigns.services import launching
from campaigns.services.launching import Offer
from communities.models import Material
from communities.services.content.materials import copy_material
from communities.services.content.refusals import ContentIncomplete
from communities.services.planning.own_posts import DAYS_AHEAD, OwnPostRefused, put_own_post
from communities.services.planning.previewing import store_day
from metrics.models import Case, CaseCopy
from stores.models import Region, Staff, Store
from stores.services.auditing import audit

Scope, State = Case.Scope, Case.State


class CaseRefused(Exception):
    """What cannot be done with a case; the message says why, to whoever tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What HQ says about a case; `material` is what a store gets with it (a post's case brings its own)."""

    title: str
    did: str
    why: str
    material: Material | None = None


@transaction.atomic
def edit_case(*, case: Case, words: Words, by: Staff, at: datetime) -> Case:
    """Keep what HQ wrote. :raises CaseRefused: no title, or a shared case would be left without its words"""
    case = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if not words.title.strip():
        raise CaseRefused("请写标题")
    if case.state == State.SHARED and not (words.did.strip() and words.why.strip()):
        raise CaseRefused("已经分享的案例要写清“怎么做的”和“为什么有效”")
    case.title, case.did, case.why = words.title.strip(), words.did.strip(), words.why.strip()
    if case.kind != Case.Kind.POST:
        case.material = words.material
    case.edited_by, case.edited_at = by, at
    case.save(update_fields=["title", "did", "why", "material", "edited_by", "edited_at"])
    return case


@transaction.atomic
def share_case(
    *, case: Case, scope: str, region: Region | None = None, stores: Sequence[Store] = (), by: Staff, at: datetime
) -> Case:  # fmt: skip
    """Put a case before all stores, a region's, or some. :raises CaseRefused: it lacks its words or its stores"""
    case = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if not (case.did.strip() and case.why.strip()):
        raise CaseRefused("先写清“怎么做的”和“为什么有效”，再分享")
    if scope == Scope.REGION and region is None:
        raise CaseRefused("请选区域")
    if scope == Scope.LIST and not stores:
        raise CaseRefused("请选至少一家门店")
    case.state, case.scope, case.region = State.SHARED, scope, region if scope == Scope.REGION else None
    case.shared_by, case.shared_at = by, at
    case.save(update_fields=["state", "scope", "region", "shared_by", "shared_at"])
    case.stores.set(stores if scope == Scope.LIST else [])
    audit(actor=by, action="case.shared", at=at, target=str(case.pk), detail={"scope": scope, "stores": len(stores)})
    return case


def dismiss_case(*, case: Case, by: Staff, at: datetime) -> None:
    """Put a case aside, shared or not: it is not drafted again, and its copies keep being counted."""
    if Case.objects.filter(pk=case.pk).exclude(state=State.DISMISSED).update(state=State.DISMISSED):
        audit(actor=by, action="case.dismissed", at=at, target=str(case.pk))


def copy_case(*, case: Case, store: Store, by: Staff, at: datetime) -> CaseCopy:
    """Do likewise: the store's own copy of the material in its next free slot, or a campaign drafted; once a store.

    A repeated call returns the same copy. `planned` says where the post stands, or is empty where no slot was free.

    :raises CaseRefused: there is nothing to copy, or it cannot be copied any more
    """
    try:
        with transaction.atomic():
            copy, is_new = CaseCopy.objects.get_or_create(case=case, store=store, defaults={"by": by, "at": at})
            if is_new:
                _fill(copy, case, store, by, at)
    except (ContentIncomplete, CampaignRefusal, IntegrityError) as refused:
        raise CaseRefused(str(refused) if not isinstance(refused, IntegrityError) else "刚才已经照做过了") from None
    return copy


def _fill(copy: CaseCopy, case: Case, store: Store, by: Staff, at: datetime) -> None:
    if case.campaign is not None and case.kind == Case.Kind.CAMPAIGN:
        copy.campaign = _campaign_like(case.campaign, store, by, at)
    elif case.material is not None:
        if case.material.archived_at is not None:
            raise CaseRefused("这个案例的素材已归档，不能再照做")
        copy.material = copy_material(material=case.material, store=store, by=by, at=at)
        copy.planned = _post_soon(copy.material, store, by, at)
    else:
        raise CaseRefused("这个案例没有可以复制的素材或活动，请照“怎么做的”来做")
    copy.save(update_fields=["campaign", "material", "planned"])


def _post_soon(material: Material, store: Store, by: Staff, at: datetime) -> str:
    """Put it into the store's next slot that takes it; where that is, or nothing."""
    today = timezone.localdate(at)
    for number in range(DAYS_AHEAD):
        day = today + timedelta(days=number)
        for place in store_day(store=store, day=day, at=at).slots:
            if place.is_past or place.is_must_do or place.has_own:
                continue
            try:
                with transaction.atomic():
                    put_own_post(store=store, day=day, slot=place.slot, material=material, by=by, at=at)
            except OwnPostRefused:
                continue
            return f"{day.month}月{day.day}日 {place.slot}"
    return ""


def _campaign_like(campaign: Campaign, store: Store, by: Staff, at: datetime) -> Campaign:
    """The same play, goods and prices as a draft of this store, running as long; pieces are weighed anew."""
    if campaign.play != Campaign.Play.CHAIN:
        raise CaseRefused("目前只有接龙可以一键照做，其他玩法请从模板开")
    offers = [
        Offer(
            product=item.product, price_fen=item.price_fen, name=item.name, by_piece=item.by_piece,
            per_member=item.per_member, per_order=item.per_order,
            quota=0 if item.by_piece else sum(stock.quota for stock in item.stocks.all()[:1]),
        )
        for item in campaign.items.select_related("product").prefetch_related("stocks").order_by("position", "pk")
    ]  # fmt: skip
    return launching.open_campaign(
        by=by, play=campaign.play, title=campaign.title, stores=[store], offers=offers, starts_at=at,
        ends_at=at + (campaign.ends_at - campaign.starts_at), at=at, rules=campaign.rules,
        photo=campaign.photo.name, settling=campaign.settling, hold_minutes=campaign.hold_minutes,
        needs_approval=campaign.needs_approval, template=campaign.template,
    )  # fmt: skip
