"""Forms of the rules and of the morning's message."""

from typing import Any, ClassVar

from django import forms

from metrics.models import AlertRule, DigestSetting
from metrics.services.alerting.rules import TUNABLE

_MOST = 30


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's own class takes no argument
    """One rule; of the checks codes do themselves only the switch."""

    class Meta:
        model = AlertRule
        fields: ClassVar = ["is_on", "raise_at", "clear_at", "raise_after", "clear_after", "least"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_on"].widget.attrs["class"] = "form-check-input"
        if self.instance.kind not in TUNABLE:
            self.fields = {"is_on": self.fields["is_on"]}
            return
        for name, field in self.fields.items():
            if name == "is_on":
                continue
            field.widget.attrs |= {"class": "form-control", "inputmode": "decimal"}
            field.widget.attrs["min"] = 1 if name.endswith("_after") else 0
            if name.endswith("_after"):
                field.widget.attrs["max"] = _MOST

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for name in ("raise_after", "clear_after"):
            if name in given and not 1 <= given[name] <= _MOST:
                self.add_error(name, f"要在 1 到 {_MOST} 之间")
        for name in ("raise_at", "clear_at", "least"):
            if name in given and not 0 <= given[name] < 1_000_000:  # noqa: PLR2004 -- also refuses nan and inf
                self.add_error(name, "不能小于 0")
        raised, cleared = given.get("raise_at"), given.get("clear_at")
        if raised is not None and cleared is not None and cleared > raised:
            self.add_error("clear_at", "解除线不能高于告警线，否则会一边告警一边解除")
        return given


class DigestForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    """早报: whether, and to whom."""

    class Meta:
        model = DigestSetting
        fields: ClassVar = ["is_on", "says_all_well", "to_hq", "to_leads", "to_managers"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-check-input"
