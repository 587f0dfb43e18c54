"""The filters above the execution board: those of stores, and the city."""

from typing import Any

import django_filters
from django.http import HttpRequest

from stores.filters import StoreFilter
from stores.models import Staff, Store
from stores.selectors import stores_for


def _cities(request: HttpRequest | None) -> list[tuple[str, str]]:
    user = getattr(request, "user", None)
    if not isinstance(user, Staff):
        return []
    cities = stores_for(user).exclude(city="").order_by("city").values_list("city", flat=True).distinct()
    return [(city, city) for city in cities]


class ExecutionFilter(StoreFilter):
    """Words, region, city and stage; unknown values are ignored."""

    city = django_filters.ChoiceFilter(label="城市", empty_label="全部城市")
    city_tier = None
    manager = None

    class Meta:
        model = Store
        fields = ("q", "region", "city", "stage")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form.fields["city"].choices = _cities(self.request)

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves anybody out."""
        return self.form.is_valid() and any(self.form.cleaned_data.values())
