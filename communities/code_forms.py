"""What is asked when a code is ordered."""

from typing import Any, cast

from django import forms

from communities.models import EntryCode
from communities.services.ordering import Wish
from stores.models import Staff, Store
from stores.selectors import stores_for


class CodeForm(forms.Form):
    """Scene, way, bait and script; the store too, for those who have several."""

    store = forms.CharField(label="门店编码", max_length=32, help_text="例如 S00012")
    scene = forms.ChoiceField(label="放在哪里", choices=EntryCode.Scene.choices)
    kind = forms.ChoiceField(label="扫码后", choices=EntryCode.Kind.choices)
    label = forms.CharField(label="哪件商品", max_length=20, required=False, help_text="一物一码时填写，其他场景不用填")
    bait = forms.CharField(label="利益点", max_length=32, help_text="印在海报上最大的一行，例如：进群领 10 元券")
    script = forms.CharField(
        label="店员话术", max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="请顾客扫码时说的话，只有店员看得到",
    )  # fmt: skip

    def __init__(self, *args: Any, user: Staff, all_stores: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stores = stores_for(user)
        self._own = user.store
        if user.store_id or all_stores:
            del self.fields["store"]
        for field in self.fields.values():
            is_choice = isinstance(field, forms.ChoiceField)
            field.widget.attrs.setdefault("class", "form-select" if is_choice else "form-control")

    def clean_store(self) -> Store:
        code = self.cleaned_data["store"].strip()
        store = self._stores.filter(code=code).first()
        if store is None:
            raise forms.ValidationError("没有这家门店，请核对编码")
        return store

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        is_product = data.get("scene") == EntryCode.Scene.PRODUCT
        if is_product and not data.get("label"):
            self.add_error("label", "请写明是哪件商品")
        if not is_product:
            data["label"] = ""
        return data

    def chosen_store(self) -> Store:
        """The store named in the form, or the only one this person has."""
        return cast("Store", self.cleaned_data.get("store") or self._own)

    def wish(self) -> Wish:
        return Wish(**{name: self.cleaned_data[name] for name in ("scene", "kind", "label", "bait", "script")})
