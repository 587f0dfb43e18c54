"""Opening a 接龙 on the phone: what is sold, till when, and when it is fetched."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.services.launching import Offer
from members.services.partitions import BUSINESS_ZONE
from stores.models import Product, Store, StoreProduct
from stores.templatetags.fmt import weekday

ROWS = 4
_CUTOFFS = ((0, 20), (0, 22), (1, 12), (1, 20))  # days from now, hour
_PICKUPS = ((0, 16, 21), (1, 10, 21), (2, 10, 21))
_LONGEST = timedelta(days=30)


class ItemForm(forms.Form):
    """One thing to sell: counted in portions, or single pieces priced by their weight."""

    product = forms.ModelChoiceField(Product.objects.none(), label="商品", required=False, empty_label="选商品")
    by_piece = forms.ChoiceField(
        label="怎么卖", choices=[("", "按份"), ("1", "按个（逐个称重拍照）")], required=False, widget=forms.RadioSelect
    )
    price = forms.DecimalField(
        label="价格（元）", min_value=Decimal("0.01"), max_value=Decimal(100_000), decimal_places=2, required=False
    )
    quota = forms.IntegerField(label="份数", min_value=1, max_value=9_999, required=False)
    per_member = forms.IntegerField(label="每人限购", min_value=1, max_value=999, required=False)

    def __init__(self, *args: Any, products: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["product"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- declared above
        field.queryset = products
        for name, one in self.fields.items():
            if name != "by_piece":
                one.widget.attrs["class"] = "form-select" if name == "product" else "form-control"
        for name in ("quota", "per_member"):
            self.fields[name].widget.attrs["inputmode"] = "numeric"
        self.fields["price"].widget.attrs["inputmode"] = "decimal"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("product"):
            return data
        if not data.get("price") and "price" not in self.errors:
            self.add_error("price", "请写价格")
        if not data.get("by_piece") and not data.get("quota") and "quota" not in self.errors:
            self.add_error("quota", "请写有多少份")
        return data

    def offer(self) -> Offer | None:
        """What this row offers; nothing where no product was chosen."""
        data = self.cleaned_data
        if not data.get("product"):
            return None
        by_piece = bool(data["by_piece"])
        return Offer(
            product=data["product"], price_fen=int(data["price"] * 100), by_piece=by_piece,
            quota=0 if by_piece else data["quota"], per_member=data["per_member"],
        )  # fmt: skip


class ChainForm(forms.Form):
    """The rest of it; a title is made from the goods where none is written."""

    title = forms.CharField(label="标题", max_length=40, required=False)
    ends_at = forms.CharField(label="截单")
    ends_own = forms.DateTimeField(label="自己选", required=False)
    pickup = forms.CharField(label="取货")
    settling = forms.ChoiceField(label="付款", choices=Campaign.Settling.choices, initial=Campaign.Settling.EITHER)
    delivers = forms.BooleanField(label="可以送货上门", required=False)
    rules = forms.CharField(label="说明", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    posts = forms.BooleanField(label="放进下一个时段，发到群里", required=False, initial=True)

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at = at
        for name in ("title", "rules"):
            self.fields[name].widget.attrs["class"] = "form-control"

    def cutoffs(self) -> list[tuple[str, str]]:
        """Hours to choose from that still lie ahead."""
        return [
            (moment.isoformat(), f"{_day_words(self.at, moment)} {moment:%H:%M}")
            for moment in (_on(self.at, day, hour) for day, hour in _CUTOFFS)
            if moment > self.at + timedelta(minutes=20)
        ]

    def pickups(self) -> list[tuple[str, str]]:
        """Times to fetch the goods."""
        spans = [(_on(self.at, day, start), _on(self.at, day, end)) for day, start, end in _PICKUPS]
        return [
            (f"{start.isoformat()}/{end.isoformat()}", f"{_day_words(self.at, start)} {start:%H:%M}–{end:%H:%M}")
            for start, end in spans
            if end > self.at + timedelta(hours=2)
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        ends = data.get("ends_own") if data.get("ends_at") == "own" else _moment(data.get("ends_at", ""))
        if ends is None or not self.at < ends <= self.at + _LONGEST:
            self.add_error("ends_at", "请选一个还没到、30 天以内的截单时间")
        start, _, end = data.get("pickup", "").partition("/")
        first, last = _moment(start), _moment(end)
        if first is None or last is None or last <= first:
            self.add_error("pickup", "请选取货时间")
        elif ends is not None and last <= ends:
            self.add_error("pickup", "取货时间要在截单之后")
        return data | {"ends": ends, "pickup_from": first, "pickup_until": last}


def item_forms(*, data: Any, store: Store | None, template: Campaign | None) -> list[ItemForm]:
    """The rows of goods: from the store's shelf, begun as the template says."""
    if store is None:
        products = Product.objects.filter(is_active=True).order_by("category", "name")
    else:
        shelf = StoreProduct.objects.filter(store=store, on_sale=True).values("product")
        products = Product.objects.filter(pk__in=shelf).order_by("category", "name")
    begun = [
        {
            "product": item.product_id, "by_piece": "1" if item.by_piece else "", "per_member": item.per_member,
            "price": Decimal(item.price_fen) / 100,
        }
        for item in (template.items.order_by("position", "pk") if template else [])
    ]  # fmt: skip
    begun += [{"by_piece": ""}] * (ROWS - len(begun))
    return [
        ItemForm(data, prefix=f"item{number}", products=products, initial=initial)
        for number, initial in enumerate(begun[:ROWS])
    ]


def _on(at: datetime, days: int, hour: int) -> datetime:
    day = timezone.localdate(at) + timedelta(days=days)
    return datetime.combine(day, time(hour), BUSINESS_ZONE)


def _day_words(at: datetime, moment: datetime) -> str:
    days = (moment.date() - timezone.localdate(at)).days
    return {0: "今天", 1: "明天", 2: "后天"}.get(days, f"{moment.month}月{moment.day}日 {weekday(moment.date())}")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


class PieceForm(forms.Form):
    """One piece: its photo, its weight in 斤, and a price where it is not the weight's."""

    photo = forms.FileField(label="照片", required=False)
    weight = forms.DecimalField(label="重量（斤）", min_value=Decimal("0.01"), max_value=Decimal(100), decimal_places=2)
    price = forms.DecimalField(
        label="价格（元）", min_value=Decimal("0.01"), max_value=Decimal(100_000), decimal_places=2, required=False
    )

    def weight_g(self) -> int:
        """The weight in gram; a 斤 is 500."""
        return int(self.cleaned_data["weight"] * 500)

    def price_fen(self) -> int | None:
        """The price written, in fen."""
        price = self.cleaned_data["price"]
        return None if price is None else int(price * 100)
