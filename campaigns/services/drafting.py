"""A store's own draft of what HQ published as a template: goods, prices, limits and terms as HQ settled them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from campaigns.errors import CampaignRefusal
from campaigns.models import Campaign, CampaignItem, GroupBuyTerms, OneYuanTerms
from campaigns.services import launching
from campaigns.services.launching import Offer
from stores.models import Staff, Store


@transaction.atomic
def draft_from_template(
    *, template: Campaign, store: Store, by: Staff, starts_at: datetime, ends_at: datetime, quotas: Mapping[int, int],
    at: datetime, pickup_from: datetime | None = None, pickup_until: datetime | None = None, title: str = "",
) -> Campaign:  # fmt: skip
    """Draft a store's campaign from a template; `quotas` by the template's item. Publishing is another step.

    :raises CampaignRefusal: no template on offer, hours that run backwards, or a quota for something else's item
    """
    if not template.is_template or template.state != Campaign.State.LIVE:
        raise CampaignRefusal("这个模板现在不能用")
    if not at < ends_at or not starts_at < ends_at:
        raise CampaignRefusal("截单时间要晚于开始时间，并且还没到")
    if pickup_until is not None and pickup_until <= (pickup_from or ends_at):
        raise CampaignRefusal("自提截止要晚于自提开始")
    items = list(template.items.select_related("product").order_by("position", "pk"))
    if strange := quotas.keys() - {item.pk for item in items}:
        raise CampaignRefusal(f"模板里没有商品 {'、'.join(map(str, sorted(strange)))}")
    campaign = launching.open_campaign(
        by=by, play=template.play, title=(title or template.title)[:40], stores=[store],
        offers=[_offer(item, quotas.get(item.pk, 0)) for item in items], starts_at=starts_at, ends_at=ends_at,
        pickup_from=pickup_from, pickup_until=pickup_until, at=at, scope=Campaign.Scope.STORE, template=template,
        rules=template.rules, photo=template.photo.name, audience=template.audience, settling=template.settling,
        delivers=template.delivers, hold_minutes=template.hold_minutes, budget_fen=template.budget_fen,
        needs_approval=template.needs_approval,
    )  # fmt: skip
    for terms in (GroupBuyTerms, OneYuanTerms):
        if found := terms.objects.filter(campaign=template).first():
            terms.objects.create(campaign=campaign, **_settled(found))
    return campaign


def _offer(item: CampaignItem, quota: int) -> Offer:
    return Offer(
        product=item.product, price_fen=item.price_fen, quota=quota, name=item.name,
        list_price_fen=item.list_price_fen, part=item.part, per_member=item.per_member, per_order=item.per_order,
        by_piece=item.by_piece,
    )  # fmt: skip


def _settled(terms: GroupBuyTerms | OneYuanTerms) -> dict[str, Any]:
    return model_to_dict(terms, exclude=["id", "campaign"])
