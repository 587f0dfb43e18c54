"""What staff type on the members' pages, checked and worded."""

from typing import Any

from django import forms

from members.selectors.search import MemberFilter
from stores.models import Region


class MemberFilterForm(forms.Form):
    """The search box and its filters; what cannot be read is told and left out."""

    q = forms.CharField(
        label="搜索会员", required=False, max_length=64,
        widget=forms.TextInput(attrs={
            "class": "form-control", "type": "search", "placeholder": "姓名、后四位、卡号",
            "autocomplete": "off",
        }),
    )  # fmt: skip
    store = forms.CharField(
        label="门店", required=False, max_length=64,
        widget=forms.TextInput(attrs={"class": "form-control", "placeholder": "门店名称或编码"}),
    )  # fmt: skip
    region = forms.ModelChoiceField(
        Region.objects.none(), label="区域", required=False, empty_label="全部区域",
        widget=forms.Select(attrs={"class": "form-select"}),
    )  # fmt: skip
    since = forms.DateField(
        label="入会不早于", required=False, error_messages={"invalid": "日期请写成 2026-01-31"},
        widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    phone = forms.BooleanField(
        label="有手机号", required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
    )

    def __init__(self, *args: Any, regions: Any, many_stores: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = regions  # type: ignore[attr-defined]
        if not many_stores:
            del self.fields["store"], self.fields["region"]

    def wanted(self) -> MemberFilter:
        """The filter of what could be read."""
        self.is_valid()
        data = self.cleaned_data
        region = data.get("region")
        return MemberFilter(
            text=data.get("q", ""), store=data.get("store", ""), region=region.pk if region else None,
            has_phone=data.get("phone", False), joined_since=data.get("since"),
        )  # fmt: skip


class MergeForm(forms.Form):
    """Why two members are one person."""

    reason = forms.CharField(
        label="为什么认定是同一个人", max_length=200, error_messages={"required": "请写明依据，别人以后要看得懂"},
        widget=forms.TextInput(attrs={"class": "form-control", "placeholder": "例如：本人到店出示两张卡"}),
    )  # fmt: skip
