"""What staff type on the pages of this app, checked and worded."""

import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest, QueryDict

from stores.models import Product, Staff, Store, StoreProduct
from stores.services.second_factor import NothingEnrolled, SecondFactorRefused, TooManyTries
from stores.services.shelf import ShelfState
from stores.services.stages import next_stages
from stores.templatetags.fmt import GRAMS_PER_JIN, per_unit, plain_stock, stock, yuan
from wecom.configuration import is_configured

FEN_PER_YUAN = 100
MOST_FEN = 9_999_999
MOST_STOCK = 100_000_000  # 200,000 斤, in grams


def _styled(form: forms.BaseForm) -> None:
    for field in form.fields.values():
        field.widget.attrs.setdefault("class", "form-control")


class LoginForm(AuthenticationForm):
    """Account and password; says the same whether the account, the password or the job is what is wrong."""

    error_messages = {  # noqa: RUF012 -- Django's own attribute
        "invalid_login": "账号或密码不对。连续输错 5 次会锁定 15 分钟",
        "inactive": "账号或密码不对。连续输错 5 次会锁定 15 分钟",
    }

    def confirm_login_allowed(self, user: Staff) -> None:
        """Said only after the right password: who else is here learns nothing."""
        super().confirm_login_allowed(user)
        if not (settings.PASSWORD_FOR_EVERYONE or user.is_hq or user.is_superuser):
            raise forms.ValidationError("门店和区域的同事请从企业微信进入，不用密码", code="not_by_password")

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "账号"
        self.fields["username"].widget.attrs.update(autocapitalize="none", spellcheck="false", autocomplete="username")
        if is_configured():
            self.fields["username"].widget.attrs.pop("autofocus", None)  # a phone's keyboard would hide WeCom's door
        _styled(self)


class CodeForm(forms.Form):
    """Six digits of the phone, or where `recovery` allows it one of the recovery codes."""

    code = forms.CharField(label="动态码", max_length=40, error_messages={"required": "请输入动态码"})

    def __init__(self, *args: Any, recovery: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label = "6 位动态码或恢复码" if recovery else "App 里显示的 6 位数字"
        field.widget.attrs.update(autocomplete="one-time-code", autocapitalize="characters", spellcheck="false")
        if not recovery:
            field.widget.attrs.update(inputmode="numeric")
        _styled(self)

    def refuse(self, refusal: SecondFactorRefused) -> None:
        """Say under the field why the code did not do."""
        match refusal:
            case TooManyTries():
                text = f"输错太多，请过 {refusal.seconds} 秒再试"
            case NothingEnrolled():
                text = "还没有绑定手机，请重新登录"
            case _:
                text = "动态码不对或已用过。请看 App 里最新的一个；手机时间要准"
        self.add_error("code", text)


class NewPasswordForm(PasswordChangeForm):
    """The old password once, the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = "现在的密码"
        self.fields["new_password1"].label = "新密码"
        self.fields["new_password2"].label = "再输一次新密码"
        self.fields["new_password2"].help_text = ""
        _styled(self)


class StageForm(forms.Form):
    """Which stage a store moves to, and as of which day."""

    to = forms.ChoiceField(label="转为")
    on = forms.DateField(
        label="日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "日期写法不对"},
    )

    def __init__(self, *args: Any, store: Store, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = cast("forms.ChoiceField", self.fields["to"])
        choices.choices = [(stage.value, stage.label) for stage in next_stages(store)]
        choices.widget.attrs["class"] = "form-select"
        choices.error_messages["invalid_choice"] = "这个阶段现在不能选，请刷新后再看"
        _styled(self)

    def clean_to(self) -> Store.Stage:
        return Store.Stage(self.cleaned_data["to"])


class ShelfForm(forms.Form):
    """Price in yuan and stock in 斤, 份 or 个, with the state that was on the screen when it was typed.

    Full-width digits and a leading ￥ are read as what they mean.
    """

    price = forms.CharField(label="价格（元）", max_length=16)
    stock = forms.CharField(label="库存", max_length=16)
    on_sale = forms.BooleanField(label="在售", required=False)
    seen_price_fen = forms.IntegerField(widget=forms.HiddenInput)
    seen_stock = forms.IntegerField(widget=forms.HiddenInput)
    seen_on_sale = forms.BooleanField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, item: StoreProduct) -> None:
        self.item = item
        initial = {
            "price": f"{Decimal(item.price_fen) / FEN_PER_YUAN:.2f}",
            "stock": plain_stock(item.stock, item.product.unit),
            "on_sale": item.on_sale,
            "seen_price_fen": item.price_fen,
            "seen_stock": item.stock,
            "seen_on_sale": item.on_sale,
        }
        super().__init__(data, initial=initial, auto_id=f"id_{item.pk}_%s")
        self.fields["stock"].label = f"库存（{per_unit(item.product.unit).removeprefix('/')}）"
        for name in ("price", "stock"):
            self.fields[name].widget.attrs.update(inputmode="decimal", autocomplete="off")
        _styled(self)
        self.fields["on_sale"].widget.attrs["class"] = "form-check-input"

    def clean_price(self) -> int:
        """Fen."""
        fen = _number(self.cleaned_data["price"], "价格") * FEN_PER_YUAN
        if fen != fen.to_integral_value():
            raise forms.ValidationError("价格最多写到分，例如 12.80")
        if not 0 < fen <= MOST_FEN:
            raise forms.ValidationError("价格要在 0.01 到 99,999.99 元之间")
        return int(fen)

    def clean_stock(self) -> int:
        """Gram for 按斤, whole units otherwise."""
        by_weight = self.item.product.unit == Product.Unit.JIN
        amount = _number(self.cleaned_data["stock"], "库存") * (GRAMS_PER_JIN if by_weight else 1)
        if amount != amount.to_integral_value():
            raise forms.ValidationError("按斤的库存最多写到克，例如 12.5" if by_weight else "库存要写整数")
        if not 0 <= amount <= MOST_STOCK:
            raise forms.ValidationError("库存不能是负数" if amount < 0 else "库存太大了，请核对")
        return int(amount)

    def clean(self) -> dict[str, Any]:
        """The hidden fields have no place to show an error of their own."""
        if any(name.startswith("seen_") for name in self.errors):
            raise forms.ValidationError("页面内容过期了，请刷新后再改")
        return self.cleaned_data

    def seen(self) -> ShelfState:
        """What was on the screen."""
        typed = self.cleaned_data
        return ShelfState(typed["seen_price_fen"], typed["seen_stock"], typed["seen_on_sale"])

    def wanted(self) -> ShelfState:
        """What it shall become."""
        return ShelfState(self.cleaned_data["price"], self.cleaned_data["stock"], self.cleaned_data["on_sale"])

    def against(self, item: StoreProduct) -> "ShelfForm":
        """The same typing over the newer state, with a word about what changed."""
        data = cast("QueryDict", self.data).copy()
        data.update({"seen_price_fen": str(item.price_fen), "seen_stock": str(item.stock)})
        data["seen_on_sale"] = "on" if item.on_sale else ""
        again = ShelfForm(data, item=item)
        again.add_error(
            None,
            f"刚刚有人改过：现在是 {yuan(item.price_fen)}、库存 {stock(item.stock, item.product.unit)}、"
            f"{'在售' if item.on_sale else '已下架'}。核对后再点保存，就以你填的为准",
        )
        return again


def _number(text: str, label: str) -> Decimal:
    try:
        number = Decimal(unicodedata.normalize("NFKC", text).strip().lstrip("¥").replace(",", ""))
    except InvalidOperation:
        raise forms.ValidationError(f"{label}要写数字") from None
    if not number.is_finite():
        raise forms.ValidationError(f"{label}要写数字")
    return number
