"""Forms with which HQ writes a case up and shares it."""

from typing import Any

from django import forms

from communities.models import Material
from metrics.models import Case
from stores.models import Region, Store

_LONG = 2_000


class CaseForm(forms.Form):
    """What HQ says; the material only where the case does not bring its own."""

    title = forms.CharField(label="标题", max_length=64)
    did = forms.CharField(label="怎么做的", max_length=_LONG, required=False, widget=forms.Textarea(attrs={"rows": 5}))
    why = forms.CharField(
        label="为什么有效", max_length=_LONG, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    material = forms.ModelChoiceField(
        label="配套素材（门店一键照做时得到它）", queryset=Material.objects.none(), required=False,
        empty_label="不配素材",
    )  # fmt: skip

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ModelChoiceField) else "form-control"
        if case.kind == Case.Kind.POST:
            del self.fields["material"]
        else:
            materials = Material.objects.filter(store=None, archived_at=None, current__isnull=False)
            self.fields["material"].queryset = materials.order_by("name")  # type: ignore[attr-defined]


class ShareForm(forms.Form):
    """With whom: all, a region with those below, or stores by their codes."""

    scope = forms.ChoiceField(label="分享给", choices=Case.Scope.choices, widget=forms.RadioSelect)
    region = forms.ModelChoiceField(
        label="区域", queryset=Region.objects.order_by("path"), required=False, empty_label="选区域"
    )
    stores = forms.CharField(
        label="门店编码", required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].widget.attrs["class"] = "form-select"
        self.fields["stores"].widget.attrs |= {"class": "form-control", "placeholder": "一行一个，或用空格、逗号隔开"}

    def clean_stores(self) -> list[Store]:
        codes = self.cleaned_data["stores"].replace("，", " ").replace(",", " ").replace("、", " ").split()
        found = {store.code: store for store in Store.objects.filter(code__in=codes)}
        unknown = [code for code in dict.fromkeys(codes) if code not in found]
        if unknown:
            raise forms.ValidationError(f"没有这些门店：{'、'.join(unknown[:5])}")
        return list(found.values())
