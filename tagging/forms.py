"""What people write about tastes, checked and worded."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms

from tagging.models import AXIS_LIMIT, TasteAxis, TasteReading
from tagging.services.tastes import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagging.selectors.tastes import Taste

_STEP = "0.1"


class TasteForm(forms.Form):
    """One number per axis, empty where nobody knows; and what they rest on."""

    source = forms.ChoiceField(label="依据", choices=TasteReading.Source.choices, initial=TasteReading.Source.EXPERT)
    batch = forms.CharField(label="批次", max_length=32, required=False, help_text="只写这一批货时填，如 11 月第 3 周")
    valid_from = forms.DateField(
        label="从", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    valid_until = forms.DateField(
        label="到", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, tastes: Sequence[Taste], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.axes: list[TasteAxis] = [taste.axis for taste in tastes]
        for taste in tastes:
            field = forms.DecimalField(
                label=taste.axis.name, required=False, min_value=Decimal(0), max_value=Decimal(AXIS_LIMIT),
                max_digits=3, decimal_places=1,
                error_messages={
                    "min_value": f"「{taste.axis.name}」要在 0 到 {AXIS_LIMIT} 之间",
                    "max_value": f"「{taste.axis.name}」要在 0 到 {AXIS_LIMIT} 之间",
                    "invalid": f"「{taste.axis.name}」要填数字",
                },
            )  # fmt: skip
            field.initial = None if taste.is_estimate else taste.value
            field.widget.attrs.update({
                "inputmode": "decimal", "step": _STEP, "autocomplete": "off",
                "placeholder": f"估计 {taste.value:g}" if taste.is_estimate and taste.value is not None else "没有",
            })  # fmt: skip
            self.fields[taste.axis.key] = field
        for name, each in self.fields.items():
            each.widget.attrs.setdefault("class", "form-select" if name == "source" else "form-control")

    def axis_fields(self) -> list[forms.BoundField]:
        return [self[axis.key] for axis in self.axes]

    def clean(self) -> dict[str, Any]:
        """A batch needs its days, and days need a batch."""
        given = super().clean() or {}
        days = (given.get("valid_from"), given.get("valid_until"))
        if given.get("batch") and not all(days):
            raise forms.ValidationError("写了批次，就要写从哪天到哪天")
        if any(days) and not given.get("batch"):
            raise forms.ValidationError("写了日期，就要写批次")
        first, last = days
        if first and last and last < first:
            raise forms.ValidationError("批次的结束日早于开始日")
        return given

    def values(self) -> dict[TasteAxis, Decimal | None]:
        """What was written, by axis; for a batch only what differs from nothing, the rest being the variety's."""
        written = {axis: self.cleaned_data.get(axis.key) for axis in self.axes}
        return {axis: value for axis, value in written.items() if value is not None or not self.cleaned_data["batch"]}

    def batch_given(self) -> Batch | None:
        given = self.cleaned_data
        return Batch(given["batch"], given["valid_from"], given["valid_until"]) if given["batch"] else None
