"""What is written into a material, and what HQ sets for the checks."""

import unicodedata
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.http import QueryDict

from communities.models import LintRule, Material, Theme
from communities.selectors.content import assets_for
from communities.services.content.materials import MOST_FILES, Content, content_of
from communities.services.content.rules import Treatment
from stores.models import Product, Staff

FEN_PER_YUAN = 100
_MOST_FEN = 9_999_999
NO_CARD, LINK, MINIPROGRAM = "", "link", "miniprogram"
_WORDS_FILE = 1024 * 1024


class MaterialForm(forms.Form):
    """Everything a material says. Files are ids of uploads the person may use, in the order they were placed."""

    name = forms.CharField(
        label="名称", max_length=64, help_text="只给自己人看，方便查找", error_messages={"required": "请起个名字"}
    )
    theme = forms.ChoiceField(label="主题", choices=Theme.choices)
    text = forms.CharField(label="文案", required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 8}))
    product = forms.CharField(label="商品", required=False, max_length=160)
    price = forms.CharField(label="活动价（元）", required=False, max_length=16)
    expires_on = forms.DateField(
        label="有效期至", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "日期写法不对"},
    )  # fmt: skip
    card = forms.ChoiceField(
        label="卡片", required=False, choices=((NO_CARD, "不带卡片"), (LINK, "链接"), (MINIPROGRAM, "小程序"))
    )
    link_url = forms.CharField(label="链接地址", required=False, max_length=2_048)
    link_title = forms.CharField(label="卡片标题", required=False, max_length=128)
    link_description = forms.CharField(label="卡片描述", required=False, max_length=512)
    miniprogram_appid = forms.CharField(label="小程序 AppID", required=False, max_length=64)
    miniprogram_page = forms.CharField(label="页面路径", required=False, max_length=512)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, user: Staff, material: Material | None = None) -> None:
        self._user = user
        super().__init__(data, initial=_initial(material), auto_id="id_%s")
        for field in self.fields.values():
            is_choice = isinstance(field, forms.ChoiceField)
            field.widget.attrs.setdefault("class", "form-select" if is_choice else "form-control")
            field.widget.attrs.setdefault("autocomplete", "off")
        self.fields["product"].widget.attrs["list"] = "products"
        self.fields["price"].widget.attrs["inputmode"] = "decimal"
        for name in ("link_url", "miniprogram_page", "miniprogram_appid"):
            self.fields[name].widget.attrs.update(autocapitalize="none", spellcheck="false")

    def clean_product(self) -> int | None:
        """The product named by its code, by `code name` as the list offers it, or by its whole name."""
        said = unicodedata.normalize("NFKC", self.cleaned_data["product"]).strip()
        if not said:
            return None
        products = Product.objects.filter(is_active=True)
        found = products.filter(code=said.split()[0]).first() or products.filter(name=said).first()
        if found is None:
            raise forms.ValidationError("没有这个商品，请从列表里选")
        return found.pk

    def clean_price(self) -> int | None:
        said = unicodedata.normalize("NFKC", self.cleaned_data["price"]).strip().lstrip("¥￥").removesuffix("元")
        if not said:
            return None
        try:
            fen = Decimal(said) * FEN_PER_YUAN
        except InvalidOperation:
            raise forms.ValidationError("价格要写成数字，例如 19.9") from None
        if not fen.is_finite() or fen != fen.to_integral_value() or not 0 < fen <= _MOST_FEN:
            raise forms.ValidationError("价格要大于 0，最多两位小数")
        return int(fen)

    def clean_text(self) -> str:
        return str(self.cleaned_data["text"]).replace("\r\n", "\n").strip()

    def asset_ids(self) -> tuple[int, ...]:
        """The files placed, once each; one the person may not use is left out."""
        return usable_assets(self.data.getlist("assets") if isinstance(self.data, QueryDict) else (), self._user)

    def content(self) -> Content:
        """What was written; of a form with errors, what can be used of it."""
        data = getattr(self, "cleaned_data", {})
        card = data.get("card", NO_CARD)
        has_card, is_link, is_program = card != NO_CARD, card == LINK, card == MINIPROGRAM
        return Content(
            text=data.get("text", ""), product_id=data.get("product"), price_fen=data.get("price"),
            link_url=data.get("link_url", "").strip() if is_link else "",
            link_title=data.get("link_title", "").strip() if has_card else "",
            link_description=data.get("link_description", "").strip() if is_link else "",
            miniprogram_appid=data.get("miniprogram_appid", "").strip() if is_program else "",
            miniprogram_page=data.get("miniprogram_page", "").strip() if is_program else "",
            expires_on=data.get("expires_on"), asset_ids=self.asset_ids(),
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("card") == LINK and not data.get("link_url", "").strip():
            self.add_error("link_url", "请填写链接地址")
        if data.get("card") == MINIPROGRAM and not data.get("miniprogram_appid", "").strip():
            self.add_error("miniprogram_appid", "请填写小程序 AppID")
        if data.get("price") and not data.get("product"):
            self.add_error("product", "写了活动价就要选商品")
        return data


def usable_assets(said: Sequence[str], user: Staff) -> tuple[int, ...]:
    """Those of the ids that are files this person may use, in the order given."""
    wanted = list(dict.fromkeys(int(one) for one in said[: MOST_FILES * 2] if one.isascii() and one.isdigit()))
    if not wanted:
        return ()
    allowed = set(assets_for(user).filter(pk__in=wanted).values_list("pk", flat=True))
    return tuple(pk for pk in wanted if pk in allowed)


def _initial(material: Material | None) -> dict[str, Any]:
    if material is None or material.current is None:
        return {"theme": Theme.OFFER}
    version = material.current
    content = content_of(version)
    product = f"{version.product.code} {version.product.name}" if version.product is not None else ""
    return {
        "name": material.name, "theme": material.theme, "seen": version.number, "product": product,
        "price": "" if content.price_fen is None else f"{Decimal(content.price_fen) / FEN_PER_YUAN:.2f}",
        "card": LINK if content.link_url else MINIPROGRAM if content.miniprogram_appid else NO_CARD,
        **{name: getattr(content, name) for name in (
            "text", "expires_on", "link_url", "link_title", "link_description", "miniprogram_appid", "miniprogram_page",
        )},
    }  # fmt: skip


class RulesForm(forms.Form):
    """How each check is treated; `limit` where it counts something."""

    UNITS = {  # noqa: RUF012 -- a constant table
        LintRule.Check.REUSED_IMAGE: "天内", LintRule.Check.LOW_RESOLUTION: "像素（短边）",
        LintRule.Check.DAY_LIMIT: "条 / 天", LintRule.Check.PROMOTION_SHARE: "%",
    }  # fmt: skip
    HINTS = {  # noqa: RUF012 -- a constant table
        LintRule.Check.REUSED_IMAGE: "同一张图，或看起来一样的图，近期在本群或本店发过",
        LintRule.Check.LOW_RESOLUTION: "图片太小，手机上看不清",
        LintRule.Check.NOT_STOCKED: "素材选的商品，这家店没有上架或已下架",
        LintRule.Check.SOLD_OUT: "素材选的商品，这家店库存为 0",
        LintRule.Check.UNFILLED: "写了 {店长}、{接龙链接} 这样的占位，但这家店没有对应内容",
        LintRule.Check.PRICE_DIFFERS: "素材写了活动价，和这家店的价格不一样",
        LintRule.Check.BANNED_WORD: "广告法不许说的绝对化用语和自己加的违禁词",
        LintRule.Check.INDUCEMENT: "为转发、集赞、拉人给好处，会被微信封链接",
        LintRule.Check.DEAD_LINK: "链接在保存时和每天夜里打开一次；网络不通要两次才算",
        LintRule.Check.EXPIRED: "素材过了有效期，或里面的渠道码已停用",
        LintRule.Check.DAY_LIMIT: "同一个群一天发得太多",
        LintRule.Check.QUIET_HOURS: "晚 9 点到早 9 点不打扰顾客",
        LintRule.Check.PROMOTION_SHARE: "一天里优惠、秒杀、预告太多，顾客会退群",
    }  # fmt: skip
    MOST = {  # noqa: RUF012 -- a constant table
        LintRule.Check.REUSED_IMAGE: 90, LintRule.Check.LOW_RESOLUTION: 2_000, LintRule.Check.DAY_LIMIT: 20,
        LintRule.Check.PROMOTION_SHARE: 100,
    }  # fmt: skip

    def __init__(self, data: QueryDict | None = None, *, rules: Sequence[LintRule]) -> None:
        super().__init__(data, auto_id="id_%s")
        self._rules = rules
        for rule in rules:
            self.fields[rule.check_name] = forms.ChoiceField(
                choices=LintRule.Severity.choices, initial=rule.severity, label=rule.get_check_name_display(),
                widget=forms.Select(attrs={"class": "form-select", "aria-label": f"{rule}怎么处理"}),
            )  # fmt: skip
            if rule.check_name in self.UNITS:
                most = self.MOST[LintRule.Check(rule.check_name)]
                self.fields[f"{rule.check_name}_limit"] = forms.IntegerField(
                    min_value=1, max_value=most, initial=rule.limit, label=f"{rule}的限值",
                    widget=forms.NumberInput(attrs={"class": "form-control", "aria-label": f"{rule}的限值"}),
                    error_messages={
                        "min_value": "最小是 1", "max_value": f"最大是 {most}",
                        "required": "请填一个数", "invalid": "请填整数",
                    },
                )  # fmt: skip

    def rows(self) -> list[tuple[LintRule, str, Any, Any, str]]:
        """Each rule with what it means, its two fields, the second of which may be missing, and its limit's unit."""
        return [
            (
                rule, self.HINTS[LintRule.Check(rule.check_name)], self[rule.check_name],
                self[f"{rule.check_name}_limit"] if rule.check_name in self.UNITS else None,
                self.UNITS.get(LintRule.Check(rule.check_name), ""),
            )
            for rule in self._rules
        ]  # fmt: skip

    def treatments(self) -> dict[str, Treatment]:
        return {
            rule.check_name: Treatment(
                severity=self.cleaned_data[rule.check_name],
                limit=self.cleaned_data.get(f"{rule.check_name}_limit"),
            )
            for rule in self._rules
        }


class WordsForm(forms.Form):
    """Words to add: typed or pasted, one a line, or in a text or CSV file."""

    kind = forms.ChoiceField(
        label="类型", choices=(("banned", "违禁用语"), ("inducement", "诱导分享"), ("allowed", "放行（日常用语）"))
    )
    words = forms.CharField(
        label="词语", required=False, max_length=200_000, strip=True,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "一行一个，后面可加逗号写原因"}),
    )  # fmt: skip
    file = forms.FileField(
        label="或选择文件", required=False, help_text="txt 或 csv，一行一个", error_messages={"empty": "文件是空的"},
        widget=forms.ClearableFileInput(attrs={"accept": ".txt,.csv"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].widget.attrs["class"] = "form-select"
        for name in ("words", "file"):
            self.fields[name].widget.attrs["class"] = "form-control"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        text = data.get("words", "")
        if file is not None:
            if file.size > _WORDS_FILE:
                self.add_error("file", "文件最大 1 MB")
                return data
            text = f"{text}\n{_decoded(file.read())}"
        if not text.strip() and not self.errors:
            self.add_error("words", "请填写词语，或选择文件")
        data["text"] = text
        return data


def _decoded(content: bytes) -> str:
    """A text file of any editor: UTF-8 with or without mark, UTF-16 with one, else the Chinese Windows encoding."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")
