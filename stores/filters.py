"""The filters above the list of stores."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest

from stores.models import Region, Staff, Store
from stores.selectors import regions_for, stores_matching, stores_without_manager


def _regions(request: HttpRequest | None) -> QuerySet[Region]:
    user = getattr(request, "user", None)
    return regions_for(user) if isinstance(user, Staff) else Region.objects.none()


class _RegionChoice(django_filters.fields.ModelChoiceField):  # type: ignore[misc]  # the package is untyped
    def label_from_instance(self, obj: Region) -> str:
        return "　" * (obj.path.count("/") - 1) + obj.name


class _RegionFilter(django_filters.ModelChoiceFilter):  # type: ignore[misc]  # the package is untyped
    field_class = _RegionChoice


class StoreFilter(django_filters.FilterSet):  # type: ignore[misc]  # the package is untyped
    """Words, region, city tier, stage, and whether somebody is in charge; unknown values are ignored."""

    q = django_filters.CharFilter(method="by_words", label="搜索门店、编码、城市或店长")
    region = _RegionFilter(queryset=_regions, method="by_region", label="区域", empty_label="全部区域")
    city_tier = django_filters.ChoiceFilter(
        choices=Store.CityTier.choices, label="城市等级", empty_label="全部城市等级"
    )
    stage = django_filters.ChoiceFilter(choices=Store.Stage.choices, label="阶段", empty_label="全部阶段")
    manager = django_filters.ChoiceFilter(
        choices=[("none", "还没有店长")], method="by_manager", label="店长", empty_label="店长不限"
    )

    class Meta:
        model = Store
        fields = ("q", "region", "city_tier", "stage", "manager")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.form.fields.items():
            field.widget.attrs.update({"class": "form-control" if name == "q" else "form-select"})
            field.widget.attrs["aria-label"] = field.label
        self.form.fields["q"].widget.input_type = "search"
        self.form.fields["q"].widget.attrs.update(
            placeholder="搜索门店 / 编码 / 城市 / 店长", autocomplete="off", enterkeyhint="search"
        )

    def by_words(self, stores: QuerySet[Store], _name: str, text: str) -> QuerySet[Store]:
        return stores_matching(stores, text=text)

    def by_region(self, stores: QuerySet[Store], _name: str, region: Region) -> QuerySet[Store]:
        return stores.filter(region__path__startswith=region.path)

    def by_manager(self, stores: QuerySet[Store], _name: str, value: str) -> QuerySet[Store]:
        return stores_without_manager(stores) if value == "none" else stores
