"""What HQ types about other systems: a token's owner and scopes, an endpoint's address and events."""

from typing import Any

from django import forms

from stores.models import Staff
from stores.services.tokens import SCOPES
from stores.services.webhooks.emitting import EVENTS

LONGEST_DAYS = 730
_TICKS = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
_DAYS = [(90, "三个月"), (365, "一年"), (LONGEST_DAYS, "两年")]


class TokenForm(forms.Form):
    """A key for another system. It sees what its owner sees."""

    name = forms.CharField(label="用途", max_length=64, help_text="例如：收银系统")
    username = forms.CharField(
        label="属于哪个账号",
        max_length=64,
        required=False,
        help_text="这个账号看得到哪些门店，令牌就看得到哪些；不写是你自己的",
    )
    scopes = forms.MultipleChoiceField(label="权限", choices=list(SCOPES.items()), widget=_TICKS)
    days = forms.TypedChoiceField(label="有效期", choices=_DAYS, coerce=int, initial=365)

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        for name in ("name", "username"):
            self.fields[name].widget.attrs |= {"class": "form-control", "autocomplete": "off"}
        self.fields["days"].widget.attrs["class"] = "form-select"

    def clean_username(self) -> Staff:
        said = self.cleaned_data["username"].strip()
        found = Staff.objects.filter(username=said, is_active=True).first() if said else self.by
        if found is None:
            raise forms.ValidationError("没有这个在职的账号")
        return found


class EndpointForm(forms.Form):
    """An address that wants to be told, and of what."""

    name = forms.CharField(label="用途", max_length=64, help_text="例如：数据中台")
    url = forms.CharField(label="推送地址", max_length=512, help_text="公网的 https 地址，不带端口")
    events = forms.MultipleChoiceField(label="事件", choices=list(EVENTS.items()), widget=_TICKS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "url"):
            self.fields[name].widget.attrs |= {"class": "form-control", "autocomplete": "off"}
        self.fields["url"].widget.attrs["inputmode"] = "url"
