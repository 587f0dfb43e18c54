"""The sample chain's running 接龙: six durians with photos, mangoes beside them, and the first who joined."""

import io
from datetime import datetime, timedelta

from PIL import Image

from campaigns.models import Campaign
from campaigns.services import launching
from campaigns.services.claiming import Wanted, reserve
from campaigns.services.launching import Offer, Piece
from campaigns.services.photos import keep_picture
from campaigns.services.pieces import price_of
from communities.simulation import fruit
from members.models import Member
from stores.models import Product, Staff, StoreProduct

WEIGHTS = (2_310, 2_480, 1_990, 2_760, 2_150, 2_600)
_FEN_PER_JIN = 3_980
_GROUNDS = (((250, 244, 228), (232, 218, 186)), ((236, 244, 236), (206, 222, 204)), ((246, 236, 226), (226, 204, 184)))
_MANGOES = 40


def add_sample_chain(*, by: Staff, at: datetime) -> Campaign | None:
    """Open one 接龙 in this manager's store, with six pieces of which two are taken; None where the store has one."""
    store = by.store
    if store is None or Campaign.objects.filter(store=store, play=Campaign.Play.CHAIN).exists():
        return None
    shelf = StoreProduct.objects.filter(store=store, on_sale=True).select_related("product").order_by("product__code")
    durian = Product.objects.filter(name__contains="榴莲").order_by("code").first()
    mango = shelf.filter(product__name__contains="芒").first() or shelf.first()
    if durian is None or mango is None:
        return None
    ends_at = (at + timedelta(hours=10)).replace(minute=0, second=0, microsecond=0)
    campaign = launching.open_campaign(
        by=by, play=Campaign.Play.CHAIN, title="榴莲一个一个挑", stores=[store], starts_at=at, ends_at=ends_at, at=at,
        pickup_from=ends_at + timedelta(hours=12), pickup_until=ends_at + timedelta(hours=23),
        rules="每个都是今早到店、现称现拍。开出来不满意，当场换。", photo=_photo(0),
        offers=[
            Offer(product=durian, price_fen=_FEN_PER_JIN, by_piece=True, pieces=[
                Piece(weight, price_of(weight_g=weight, fen_per_jin=_FEN_PER_JIN), _photo(number))
                for number, weight in enumerate(WEIGHTS)
            ]),
            Offer(product=mango.product, price_fen=mango.price_fen, quota=_MANGOES, per_member=4),
        ],
    )  # fmt: skip
    launching.publish(campaign=campaign, by=by, at=at)
    _join(campaign, at)
    return campaign


def _join(campaign: Campaign, at: datetime) -> None:
    """Three neighbours join: two pieces are gone, and some mangoes."""
    store = campaign.store
    assert store is not None  # noqa: S101 -- just opened in one
    durian, mango = campaign.items.order_by("position")
    units = list(durian.stocks.get().units.order_by("number")[:2])
    members = list(Member.objects.filter(home_store=store, merged_into=None).exclude(name="").order_by("pk")[:3])
    wishes = [
        [Wanted(item_id=durian.pk, unit_id=units[0].pk)],
        [Wanted(item_id=mango.pk, quantity=2)],
        [Wanted(item_id=durian.pk, unit_id=units[1].pk), Wanted(item_id=mango.pk)],
    ]
    for member, wanted in zip(members, wishes, strict=False):
        reserve(
            campaign=campaign, store=store, member=member, wanted=wanted, request_key="sample", settling="shop", at=at
        )  # fmt: skip


def _photo(number: int) -> str:
    """A durian on the counter, each a little different."""
    tilt, size = (number * 37) % 50 - 25, 0.6 + (number % 3) * 0.06
    picture = fruit.scene(ground=_GROUNDS[number % 3], items=[(fruit.durian, 0.5, 0.55, size, float(tilt))])
    out = io.BytesIO()
    picture.resize((1_080, 1_080), Image.Resampling.LANCZOS).save(out, "JPEG", quality=88)
    return keep_picture(content=out.getvalue(), folder="units")
