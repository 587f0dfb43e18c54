"""The question of a lift study, as HQ types it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from stores.models import Region

_USUAL = 365  # days


class LiftForm(forms.Form):
    """A period and, if not the whole chain, a region."""

    first = forms.DateField(
        label="从", widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label="到", widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")
    )
    region = forms.ModelChoiceField(
        label="范围", queryset=Region.objects.order_by("path"), required=False, empty_label="全部门店",
        widget=forms.Select(attrs={"class": "form-select"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        yesterday = timezone.localdate() - timedelta(days=1)
        kwargs.setdefault("initial", {"first": yesterday - timedelta(days=_USUAL - 1), "last": yesterday})
        super().__init__(*args, **kwargs)
