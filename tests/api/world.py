"""One store with a row of everything the API tells of."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from campaigns.models import Campaign, Order
from campaigns.services.claiming import Wanted, reserve
from campaigns.services.launching import Offer, open_campaign
from communities.models import GroupMembership, PostEvidence, PostTask
from metrics.registry.components import TABLES, Grain
from metrics.services.exporting import ask_export
from stores.models import Store
from tests.execution.posts import post
from tests.factories import (
    CampaignFactory,
    CustomerGroupFactory,
    EntryCodeFactory,
    ManagerFactory,
    MaterialVersionFactory,
    MemberFactory,
    StoreFactory,
    StoreProductFactory,
    identity,
    purchase,
)

TALLIED = date(2026, 1, 5)
PHONE = "138{:08d}"


@dataclass
class Shop:
    store: Store
    rows: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.__dict__["rows"][name]


def furnish(code: str, *, number: int) -> Shop:
    """A store of this code with one of each, the code in every name; `number` makes its phone."""
    store = StoreFactory(code=code, name=f"{code}的店")
    now = timezone.now()
    member = MemberFactory(name=f"{code}的会员", home_store=store)
    identity(member, "phone", PHONE.format(number))
    group = CustomerGroupFactory(store=store, name=f"{code}的群", created_at=now)
    shelf = StoreProductFactory(store=store)
    campaign = CampaignFactory(store=store, title=f"{code}的接龙", item__product=shelf.product)
    rows = {
        "store": store, "member": member, "group": group, "shelf": shelf, "campaign": campaign,
        "manager": ManagerFactory(store=store, name=f"{code}的店长"),
        "purchase": purchase(member=member, store=store, bought_at=now, product=shelf.product),
        "material": MaterialVersionFactory(material__name=f"{code}的素材", material__store=store).material,
        "stay": GroupMembership.objects.create(
            group=group, who=f"{code:>16}".encode()[:16], member=member, joined_at=now - timedelta(days=1)
        ),
        "post": post(group=group, state=PostTask.State.SENT, day=timezone.localdate()),
        "order": reserve(
            campaign=campaign, store=store, member=member, request_key="k", wanted=[Wanted(campaign.item.pk)],
            settling="online", at=campaign.starts_at,
        ),
        "code": EntryCodeFactory(store=store, kind="group", label=f"{code}的码"),
    }  # fmt: skip
    rows["export"] = ask_export(
        by=rows["manager"], table="store-days", subject=store.pk, query="", form="csv", filename=f"{code}.csv", rows=1,
        at=now,
    )  # fmt: skip
    for level in (PostTask.Evidence.SELF_DECLARED, PostTask.Evidence.API_VERIFIED):
        PostEvidence.objects.create(task=rows["post"], level=level, at=now)
    for grain, subject in (("store", store), ("group", group), ("staff", rows["manager"]), ("code", rows["code"])):
        TABLES[Grain(grain)].objects.create(**{grain: subject}, day=TALLIED)
    TABLES[Grain.CAMPAIGN].objects.create(campaign=campaign, store=store, day=TALLIED)
    Order.objects.filter(pk=rows["order"].pk).update(recipient=b"secret", note="门铃坏了")
    return Shop(store, rows)


def template(product: Any, *, title: str = "模板", **settings: Any) -> Campaign:
    """HQ's 接龙 for every store, on offer."""
    now = timezone.now()
    return open_campaign(
        by=None, play=Campaign.Play.CHAIN, title=title, stores=[], offers=[Offer(product, price_fen=1_500)], at=now,
        scope=Campaign.Scope.ALL, is_template=True, state=Campaign.State.LIVE, starts_at=now,
        ends_at=now + timedelta(days=1), **settings,
    )  # fmt: skip
