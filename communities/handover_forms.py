"""What is asked when a hand-over is ordered."""

from typing import Any, cast

from django import forms

from communities.selectors.handovers import colleagues_for
from stores.models import Staff

MESSAGE = 200


class HandoverForm(forms.Form):
    """Who takes over, and what: the giver is settled before."""

    taker = forms.IntegerField(error_messages={"required": "请选一位接手人", "invalid": "请选一位接手人"})
    customers = forms.BooleanField(label="客户", required=False, initial=True)
    groups = forms.BooleanField(label="客户群", required=False, initial=True)
    codes = forms.BooleanField(label="渠道码接待人也换成接手人", required=False, initial=True)
    message = forms.CharField(
        label="转接成功后给客户的话", max_length=MESSAGE, required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
        help_text="最多 200 字，可以不写。客户在 24 小时内可以拒绝",
    )  # fmt: skip

    def __init__(self, *args: Any, user: Staff, giver_userid: str, resigned: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = colleagues_for(user).exclude(wecom_userid=giver_userid)
        for name in ("customers", "groups", "codes"):
            self.fields[name].widget.attrs["class"] = "form-check-input"
        if resigned:
            del self.fields["message"]

    def clean_taker(self) -> Staff:
        chosen = self._people.filter(pk=self.cleaned_data["taker"]).first()
        if chosen is None:
            raise forms.ValidationError("这位同事不能接手，请重新选")
        return chosen

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("customers") and not data.get("groups"):
            self.add_error("customers", "客户和客户群至少选一样")
        return data

    def wish(self) -> dict[str, Any]:
        """The arguments of `start_handover` this form knows."""
        data = self.cleaned_data
        return {
            "taker": cast("Staff", data["taker"]), "customers": data["customers"], "groups": data["groups"],
            "codes": data["codes"], "message": data.get("message", ""),
        }  # fmt: skip
