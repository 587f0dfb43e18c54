"""Rows for tests: valid, minimal, and without surprises; say in the test what the test is about."""

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from campaigns.models import Campaign, CampaignItem, ItemStock
from communities.models import (
    Asset,
    CellMaterial,
    CustomerGroup,
    EntryCode,
    Material,
    MaterialAsset,
    MaterialVersion,
    PlanCell,
    PlanVersion,
    Theme,
)
from members.identities import encrypt, value_hash
from members.models import Contact, Identity, Member, Purchase
from members.services.partitions import BUSINESS_ZONE, ensure_partitions
from metrics.models import StoreTally
from stores.models import Product, Region, Staff, Store, StoreProduct

PASSWORD = "a long test password"


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = Region

    code = factory.Sequence(lambda n: f"R{n}")
    name = factory.Sequence(lambda n: f"区域{n}")
    path = factory.LazyAttribute(lambda o: f"{o.parent.path if o.parent else ''}{o.code}/")
    parent = None


class StoreFactory(DjangoModelFactory):
    class Meta:
        model = Store

    code = factory.Sequence(lambda n: f"S{n:05d}")
    name = factory.Sequence(lambda n: f"测试{n}店")
    region = factory.SubFactory(RegionFactory)
    city = "杭州"


@cache
def _hashed() -> str:
    """Hashed once for all: what a password costs to hash is meant to be felt."""
    return make_password(PASSWORD)


class StaffFactory(DjangoModelFactory):
    """An HQ user; `ManagerFactory`, `GuideFactory` and `RegionLeadFactory` have their place."""

    class Meta:
        model = Staff
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"staff{n}")
    name = factory.Sequence(lambda n: f"员工{n}")
    role = Staff.Role.HQ
    password = factory.LazyFunction(_hashed)


class ManagerFactory(StaffFactory):
    role = Staff.Role.MANAGER
    store = factory.SubFactory(StoreFactory)


class GuideFactory(StaffFactory):
    role = Staff.Role.GUIDE
    store = factory.SubFactory(StoreFactory)


class RegionLeadFactory(StaffFactory):
    role = Staff.Role.REGION_LEAD
    region = factory.SubFactory(RegionFactory)


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product

    code = factory.Sequence(lambda n: f"P{n:04d}")
    name = factory.Sequence(lambda n: f"水果{n}")


class StoreProductFactory(DjangoModelFactory):
    class Meta:
        model = StoreProduct

    store = factory.SubFactory(StoreFactory)
    product = factory.SubFactory(ProductFactory)
    price_fen = 1000
    stock = 10


class MemberFactory(DjangoModelFactory):
    class Meta:
        model = Member

    name = factory.Sequence(lambda n: f"会员{n}")
    home_store = factory.SubFactory(StoreFactory)
    joined_at = datetime(2026, 1, 5, 9, 3, tzinfo=BUSINESS_ZONE)


class ContactFactory(DjangoModelFactory):
    class Meta:
        model = Contact

    member = factory.SubFactory(MemberFactory)
    staff = factory.SubFactory(GuideFactory)
    added_at = datetime(2026, 1, 5, 9, 3, tzinfo=BUSINESS_ZONE)


def identity(member: Member, kind: str, value: str, *, issuer: str = "") -> Identity:
    """An id of a member, hashed and encrypted as the services do it."""
    return Identity.objects.create(
        member=member, kind=kind, issuer=issuer, value_encrypted=encrypt(value),
        value_hash=value_hash(kind=kind, value=value, issuer=issuer), tail=value[-4:], source="test",
    )  # fmt: skip


_receipts = iter(range(1, 1_000_000_000))


def purchase(*, bought_at: datetime, **fields: Any) -> Purchase:
    """One line of a receipt of its own, in the partition of its month."""
    ensure_partitions(months=[bought_at.astimezone(BUSINESS_ZONE).date()])
    if "store" not in fields:
        member = fields.get("member")
        fields["store"] = member.home_store if member is not None and member.home_store else StoreFactory()
    fields.setdefault("product", None)
    fields["product"] = fields["product"] or ProductFactory()
    return Purchase.objects.create(
        **{"source": "pos", "receipt": f"T{next(_receipts)}", "line": 1, "quantity": Decimal(1), "paid_fen": 1000}
        | fields,
        bought_at=bought_at,
    )


class EntryCodeFactory(DjangoModelFactory):
    """A working code that adds the manager; say `kind="group"` for one that joins a group."""

    class Meta:
        model = EntryCode

    store = factory.SubFactory(StoreFactory)
    scene = EntryCode.Scene.CHECKOUT
    kind = EntryCode.Kind.CONTACT
    bait = "进群领 10 元券"
    userids = factory.LazyAttribute(lambda o: ["zhang"] if o.kind == EntryCode.Kind.CONTACT else [])
    chat_ids = factory.LazyAttribute(lambda o: ["wr1"] if o.kind == EntryCode.Kind.GROUP else [])
    status = EntryCode.Status.LIVE
    config_id = factory.Sequence(lambda n: f"config{n}")
    qr_url = "https://wework.qpic.example/code.png"
    created_by = factory.SubFactory(StaffFactory)
    created_at = datetime(2026, 1, 5, 9, 3, tzinfo=BUSINESS_ZONE)


class CustomerGroupFactory(DjangoModelFactory):
    class Meta:
        model = CustomerGroup

    chat_id = factory.Sequence(lambda n: f"wr{n:030d}")
    name = factory.Sequence(lambda n: f"福利{n}群")
    store = factory.SubFactory(StoreFactory)


class MaterialFactory(DjangoModelFactory):
    """HQ's, with a first version that says its name; say `version__text` or another field of it."""

    class Meta:
        model = Material
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"素材{n}")
    theme = Theme.TASTE
    created_at = datetime(2026, 1, 5, 9, 3, tzinfo=BUSINESS_ZONE)

    @factory.post_generation
    def version(self, _create, _extracted, **fields: Any) -> None:
        made = {"number": 1, "text": self.name, "made_at": self.created_at} | fields
        self.current = MaterialVersion.objects.create(material=self, **made)
        self.save(update_fields=["current"])


class PlanVersionFactory(DjangoModelFactory):
    """Published on 2026-01-05 and valid from that Monday; say `published_at=None, valid_from=None` for a draft."""

    class Meta:
        model = PlanVersion

    number = factory.Sequence(lambda n: n + 1)
    made_at = datetime(2026, 1, 5, 9, 3, tzinfo=BUSINESS_ZONE)
    published_at = datetime(2026, 1, 5, 9, 3, tzinfo=BUSINESS_ZONE)
    valid_from = date(2026, 1, 5)


class PlanCellFactory(DjangoModelFactory):
    """Monday's first slot for everyone, must-do, one material; say `materials=[…]` and `stores=[…]`."""

    class Meta:
        model = PlanCell
        skip_postgeneration_save = True

    version = factory.SubFactory(PlanVersionFactory)
    slot_id = 1
    weekday = factory.LazyAttribute(lambda o: None if o.day or o.days_to_opening is not None else 0)
    day = None
    days_to_opening = None
    theme = Theme.TASTE

    @factory.post_generation
    def materials(self, _create, extracted: list[Material] | None, **_: Any) -> None:
        for position, material in enumerate([MaterialFactory()] if extracted is None else extracted):
            CellMaterial.objects.create(cell=self, material=material, position=position)

    @factory.post_generation
    def stores(self, _create, extracted: list[Store] | None, **_: Any) -> None:
        if extracted:
            self.for_listed_stores = True
            self.save(update_fields=["for_listed_stores"])
            self.stores.set(extracted)


class MaterialVersionFactory(DjangoModelFactory):
    """The current version of a material; `pictures` are placed in order."""

    class Meta:
        model = MaterialVersion
        skip_postgeneration_save = True

    material = factory.SubFactory(MaterialFactory)
    number = factory.LazyAttribute(lambda o: o.material.versions.count() + 1)
    text = "{店名}的新鲜水果到了"
    made_at = datetime(2026, 1, 5, 9, 3, tzinfo=BUSINESS_ZONE)

    @factory.post_generation
    def pictures(self, _create, assets, **_):
        for position, asset in enumerate(assets or []):
            MaterialAsset.objects.create(version=self, asset=asset, position=position)
        Material.objects.filter(pk=self.material_id).update(current=self)
        self.material.current = self


class AssetFactory(DjangoModelFactory):
    """A picture's row; its file is not there."""

    class Meta:
        model = Asset

    sha256 = factory.Sequence(lambda n: n.to_bytes(32, "big"))
    kind = Asset.Kind.IMAGE
    file = factory.Sequence(lambda n: f"materials/{n}.jpg")
    width = 1080
    height = 1080
    size = 50_000
    phash = factory.Sequence(lambda n: int.from_bytes(sha256(str(n).encode()).digest()[:8], "big", signed=True))
    uploaded_at = datetime(2026, 1, 5, 9, 3, tzinfo=BUSINESS_ZONE)


class CampaignFactory(DjangoModelFactory):
    """A 接龙 of one store, live from 10:00 to 20:00 on 2026-03-02; say `item__quota` or another field of its item.

    The item is at hand as `campaign.item`, what the store has of it as `campaign.stock`.
    """

    class Meta:
        model = Campaign
        skip_postgeneration_save = True

    play = Campaign.Play.CHAIN
    title = factory.Sequence(lambda n: f"接龙{n}")
    store = factory.SubFactory(StoreFactory)
    starts_at = datetime(2026, 3, 2, 10, tzinfo=BUSINESS_ZONE)
    ends_at = datetime(2026, 3, 2, 20, tzinfo=BUSINESS_ZONE)
    state = Campaign.State.LIVE
    made_at = datetime(2026, 3, 1, 9, tzinfo=BUSINESS_ZONE)

    @factory.post_generation
    def item(self, _create, _extracted, *, quota: int = 10, **fields: Any) -> None:
        made = {"name": "山竹", "price_fen": 1_990} | fields
        made["product"] = made.get("product") or ProductFactory()
        self.item = CampaignItem.objects.create(campaign=self, **made)
        self.stock = ItemStock.objects.create(item=self.item, store=self.store, quota=quota)


class StoreTallyFactory(DjangoModelFactory):
    """A store's quiet day; say `joins=3` or whatever else was counted."""

    class Meta:
        model = StoreTally

    store = factory.SubFactory(StoreFactory)
    day = date(2026, 3, 2)
