"""A store, a guide and a member who buys durian on Fridays."""

from datetime import datetime, timedelta

from members.services.partitions import BUSINESS_ZONE
from tests.factories import ContactFactory, GuideFactory, MemberFactory, ProductFactory, StoreProductFactory, purchase

FRIDAY = datetime(2026, 11, 20, 10, 30, tzinfo=BUSINESS_ZONE)


def durian(store, *, stock=10):
    product = ProductFactory(name="猫山王榴莲", category="榴莲")
    StoreProductFactory(store=store, product=product, stock=stock)
    return product


def regular(guide, product, *, weeks=6, until=FRIDAY, days=7, name="王芳", **fields):
    """A contact of the guide who bought this product at six in the evening, every `days` days, last a week ago."""
    member = MemberFactory(name=name, gender="f", home_store=guide.store, **fields)
    ContactFactory(member=member, staff=guide)
    evening = until.replace(hour=18, minute=0)
    for week in range(1, weeks + 1):
        purchase(member=member, product=product, bought_at=evening - timedelta(days=days * week), paid_fen=8_800)
    return member


def guide_with_durian():
    guide = GuideFactory(name="小李")
    return guide, durian(guide.store)
