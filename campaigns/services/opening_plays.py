"""Opening a 拼团 or a 1元购: the campaign, its terms and its goods in one go, checked and published."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns.models import Campaign, GroupBuyTerms, OneYuanTerms
from campaigns.services import launching
from campaigns.services.launching import Offer
from stores.models import Staff, Store


@transaction.atomic
def open_play(
    *, by: Staff | None, play: str, title: str, store: Store | None, offers: Sequence[Offer], terms: Mapping[str, Any],
    starts_at: datetime, ends_at: datetime, at: datetime, template: Campaign | None = None, **settings: Any,
) -> Campaign:  # fmt: skip
    """Draft, check and publish; without a store it becomes HQ's template. Nothing is left behind by a refusal.

    :raises NotCompliant: with every problem
    :raises CampaignRefusal: nothing to sell
    """
    newcomers = play == Campaign.Play.ONE_YUAN
    place: dict[str, Any] = {"scope": Campaign.Scope.STORE, "template": template}
    if store is None:
        place = {"scope": Campaign.Scope.ALL, "is_template": True}
    elif template is not None:
        place["needs_approval"] = template.needs_approval
    campaign = launching.open_campaign(
        by=by, play=play, title=title[:40], stores=[store] if store is not None else [], offers=offers,
        starts_at=starts_at, ends_at=ends_at, at=at, settling=Campaign.Settling.ONLINE,
        audience=Campaign.Audience.NEWCOMERS if newcomers else Campaign.Audience.EVERYONE, **place, **settings,
    )  # fmt: skip
    if newcomers:
        OneYuanTerms.objects.create(campaign=campaign, **terms)
    else:
        GroupBuyTerms.objects.create(campaign=campaign, **terms)
    return launching.publish(campaign=campaign, by=by, at=at)
