"""Products, and what each store asks and holds for them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from stores.models.places import Store


class Product(models.Model):
    """An article of the chain's catalogue; its price and stock follow the store."""

    class Unit(models.TextChoices):
        JIN = "jin", "按斤"  # 1 斤 = 500 g
        PORTION = "portion", "按份"
        PIECE = "piece", "按个"

    code = models.CharField("商品编码", max_length=32, unique=True)
    name = models.CharField("商品名称", max_length=128, db_index=True)
    category = models.CharField("品类", max_length=32, blank=True, db_index=True)
    variety = models.CharField("品种", max_length=64, blank=True)
    unit = models.CharField("单位", max_length=8, choices=Unit, default=Unit.PORTION)
    picture = models.ImageField("图片", upload_to="products/", blank=True)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "商品"

    def __str__(self) -> str:
        return self.name


class StoreProduct(models.Model):
    """What one store asks for a product and how much of it lies there.

    `price_fen` is per 斤, 份 or 个; `stock` is in grams for 按斤, in whole units otherwise.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="shelf", verbose_name="门店")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="shelves", verbose_name="商品")
    price_fen = models.PositiveIntegerField("价格（分）")
    stock = models.IntegerField("库存", default=0)
    on_sale = models.BooleanField("在售", default=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "门店商品"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "product"], name="one_price_per_store_product"),
            models.CheckConstraint(condition=Q(stock__gte=0), name="store_stock_never_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.store_id}/{self.product_id}"
