"""Opening a 拼团 or a 1元购 on the phone, in plain words; what a template of HQ says is filled in already."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Min, QuerySet

from campaigns.forms import ChainForm
from campaigns.models import Campaign, CampaignItem
from campaigns.services.launching import Offer
from stores.models import Product, Store, StoreProduct

_FROM, _TO = 1_000, 2_000  # what may be sold for one yuan is listed between these, in fen
_MOST = 12
OF_HQ = ("refunds_whole_order", "refund_cap", "friends_per_member", "settle_after_days")


def shelf_prices(store: Store | None) -> dict[int, int]:
    """Product → its price on the shelf in fen; the lowest of all stores where no store is given."""
    rows = StoreProduct.objects.filter(on_sale=True)
    if store is not None:
        rows = rows.filter(store=store)
    return dict(rows.values_list("product").annotate(low=Min("price_fen")).order_by())


class PlayForm(ChainForm):
    """What both plays share: always paid online."""

    settling = None  # type: ignore[assignment]  # Django's way to leave an inherited field out
    quota = forms.IntegerField(label="一共几份", min_value=1, max_value=9_999, initial=60)

    def __init__(self, *args: Any, store: Store | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.store = store
        self.prices = shelf_prices(store)
        for name in self.fields:
            if name not in {"posts", "ends_at", "ends_own", "pickup", "delivers", "needs_approval"}:
                self.fields[name].widget.attrs.setdefault("class", "form-control")

    def products(self, low: int = 0, high: int = 10**9) -> QuerySet[Product]:
        """Goods on the shelf within a span of prices."""
        keys = [key for key, price in self.prices.items() if low <= price <= high]
        return Product.objects.filter(pk__in=keys).order_by("category", "name")

    def offers(self) -> list[Offer]:
        """The goods, as the service wants them; every play says its own."""
        raise NotImplementedError

    def terms(self) -> dict[str, Any]:
        """The play's own settings that staff choose."""
        raise NotImplementedError

    def words(self) -> str:
        """A title, where none is written."""
        raise NotImplementedError


class GroupBuyForm(PlayForm):
    """拼团: what, for how much, how many people, how long."""

    product = forms.ModelChoiceField(Product.objects.none(), label="拼什么", empty_label="选商品")
    price = forms.DecimalField(
        label="拼团价（元）", min_value=Decimal("0.01"), max_value=Decimal(10_000), decimal_places=2
    )
    size = forms.TypedChoiceField(
        label="几个人成团", coerce=int, choices=[(n, f"{n} 人") for n in (2, 3, 4, 5, 8, 10)], initial=3
    )
    form_minutes = forms.TypedChoiceField(
        label="多久拼成", coerce=int, choices=[(120, "2 小时"), (720, "12 小时"), (1_440, "24 小时"), (2_880, "2 天")],
        initial=1_440,
    )  # fmt: skip
    leader_price = forms.DecimalField(
        label="团长价（元）", min_value=Decimal("0.01"), max_value=Decimal(10_000), decimal_places=2, required=False
    )
    per_member = forms.IntegerField(label="每人限购", min_value=1, max_value=99, required=False, initial=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].queryset = self.products()  # type: ignore[attr-defined]
        for name in ("product", "size", "form_minutes"):
            self.fields[name].widget.attrs["class"] = "form-select"

    def offers(self) -> list[Offer]:
        """The one thing; struck through is the shelf's price where it is higher."""
        data = self.cleaned_data
        price, shelf = int(data["price"] * 100), self.prices[data["product"].pk]
        return [Offer(
            product=data["product"], price_fen=price, list_price_fen=shelf if shelf > price else None,
            quota=data["quota"], per_member=data["per_member"],
        )]  # fmt: skip

    def terms(self) -> dict[str, Any]:
        """For `GroupBuyTerms`."""
        leader = self.cleaned_data["leader_price"]
        return {
            "size": self.cleaned_data["size"], "form_minutes": self.cleaned_data["form_minutes"],
            "leader_price_fen": int(leader * 100) if leader is not None else None,
        }  # fmt: skip

    def words(self) -> str:
        """A title, where none is written."""
        return f"{self.cleaned_data['product'].name} {self.cleaned_data['size']} 人拼团"


class OneYuanForm(PlayForm):
    """1元购: which goods for one yuan, what may be added, and how much it may cost us."""

    goods = forms.ModelMultipleChoiceField(
        Product.objects.none(), label="1 元商品", widget=forms.CheckboxSelectMultiple
    )
    add_ons = forms.ModelMultipleChoiceField(
        Product.objects.none(), label="加购商品", required=False, widget=forms.CheckboxSelectMultiple
    )
    budget = forms.IntegerField(label="预算（元）", min_value=10, max_value=1_000_000, initial=500)
    delivers = forms.BooleanField(label="可以送货上门", required=False, initial=True)
    # HQ's to choose, in its template; a store's own has the house's.
    refunds_whole_order = forms.BooleanField(label="好友完成首单，退推荐人整单", required=False)
    refund_cap = forms.DecimalField(
        label="每位推荐人最多返还（元）", min_value=Decimal(1), max_value=Decimal(1_000), decimal_places=2, initial=1,
        required=False,
    )  # fmt: skip
    friends_per_member = forms.IntegerField(
        label="每位推荐人最多算几位好友", min_value=1, max_value=20, initial=1, required=False
    )
    settle_after_days = forms.IntegerField(label="售后期（天）", min_value=7, max_value=60, initial=7, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cheap = self.products(_FROM, _TO)
        self.fields["goods"].queryset = cheap  # type: ignore[attr-defined]
        self.fields["add_ons"].queryset = self.products(_TO + 1)  # type: ignore[attr-defined]
        for name in ("goods", "add_ons", "refunds_whole_order"):
            self.fields[name].widget.attrs.pop("class", None)
        for name in OF_HQ:
            if self.store is not None:
                del self.fields[name]

    def clean_goods(self) -> QuerySet[Product]:
        """Few enough to choose from on a phone."""
        chosen: QuerySet[Product] = self.cleaned_data["goods"]
        if len(chosen) > _MOST:
            raise forms.ValidationError(f"最多选 {_MOST} 种")
        return chosen

    def offers(self) -> list[Offer]:
        """One-yuan goods with their shelf price struck through, then the add-ons at theirs."""
        data = self.cleaned_data
        return [
            Offer(product=each, price_fen=100, list_price_fen=self.prices[each.pk], quota=data["quota"], per_member=1)
            for each in data["goods"]
        ] + [
            Offer(product=each, price_fen=self.prices[each.pk], part=CampaignItem.Part.ADD_ON, quota=data["quota"],
                  per_order=9)
            for each in data["add_ons"]
        ]  # fmt: skip

    def terms(self) -> dict[str, Any]:
        """For `OneYuanTerms`: HQ's caps; a store's own campaign keeps the house's."""
        data = self.cleaned_data
        if self.store is not None:
            return {}
        terms = {name: data[name] for name in ("friends_per_member", "settle_after_days") if data[name]}
        if data["refund_cap"]:
            terms["refund_cap_fen"] = int(data["refund_cap"] * 100)
        return terms | {"refunds_whole_order": data["refunds_whole_order"]}

    def words(self) -> str:
        """A title, where none is written."""
        return "新会员 1 元购"


def begun_from(template: Campaign | None) -> dict[str, Any]:
    """What a template fills in."""
    if template is None:
        return {}
    items = list(template.items.order_by("position", "pk"))
    begun: dict[str, Any] = {"title": template.title, "rules": template.rules, "delivers": template.delivers}
    if template.play == Campaign.Play.GROUP_BUY:
        terms = template.group_buy
        leader = terms.leader_price_fen
        return begun | {
            "product": items[0].product_id, "price": Decimal(items[0].price_fen) / 100, "size": terms.size,
            "form_minutes": terms.form_minutes, "per_member": items[0].per_member,
            "leader_price": Decimal(leader) / 100 if leader is not None else None,
        }  # fmt: skip
    return begun | {
        "goods": [item.product_id for item in items if item.part == CampaignItem.Part.OFFER],
        "add_ons": [item.product_id for item in items if item.part == CampaignItem.Part.ADD_ON],
        "budget": (template.budget_fen or 0) // 100 or None,
    }  # fmt: skip
