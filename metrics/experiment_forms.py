"""An experiment as HQ drafts it, and the question of how many it takes."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone

from communities.models import Material
from metrics.models import Experiment
from metrics.selectors.experiment_readings import choices
from metrics.services.experimenting import ArmWish
from stores.models import Region

_WEEKS = 4


def _styled(form: forms.BaseForm) -> None:
    for field in form.fields.values():
        is_choice = isinstance(field.widget, forms.Select)
        field.widget.attrs.setdefault("class", "form-select" if is_choice else "form-control")


class ExperimentForm(forms.Form):
    """Up to three arms: the control, B, and a holdout that gets nothing. A share of 0 leaves an arm out."""

    name = forms.CharField(label="名称", max_length=64)
    subject = forms.ChoiceField(label="试什么", choices=Experiment.Subject.choices)
    unit = forms.ChoiceField(
        label="按什么分组", choices=Experiment.Unit.choices, initial=Experiment.Unit.GROUP,
        help_text="群发和素材同群的人都看得到，只能按群或按门店",
    )  # fmt: skip
    region = forms.ModelChoiceField(
        label="范围", queryset=Region.objects.order_by("path"), required=False, empty_label="全部门店"
    )
    metric = forms.ChoiceField(label="看哪个指标")
    worth_percent = forms.IntegerField(
        label="至少要看出多大的差别（%）", min_value=1, max_value=500, initial=10,
        help_text="相对现在的水平；差别再小就不值得改",
    )  # fmt: skip
    starts_on = forms.DateField(label="开始", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    ends_on = forms.DateField(label="结束", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    weight_control = forms.IntegerField(label="对照组份额", min_value=0, max_value=1000, initial=50)
    weight_b = forms.IntegerField(label="B 组份额", min_value=0, max_value=1000, initial=0)
    weight_holdout = forms.IntegerField(
        label="留白组份额", min_value=0, max_value=1000, initial=50, help_text="留白组不发可做内容；必做照发"
    )
    material_control = forms.ModelChoiceField(label="对照组素材", queryset=Material.objects.none(), required=False)
    material_b = forms.ModelChoiceField(label="B 组素材", queryset=Material.objects.none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        tomorrow = timezone.localdate() + timedelta(days=1)
        kwargs.setdefault("initial", {"starts_on": tomorrow, "ends_on": tomorrow + timedelta(weeks=_WEEKS, days=-1)})
        super().__init__(*args, **kwargs)
        known = dict(choice for unit in Experiment.Unit.values for choice in choices(unit))
        cast("forms.ChoiceField", self.fields["metric"]).choices = list(known.items())
        materials = Material.objects.filter(store=None, archived_at=None, current__isnull=False).order_by("name")
        for name in ("material_control", "material_b"):
            cast("forms.ModelChoiceField[Material]", self.fields[name]).queryset = materials
        _styled(self)

    def arms(self) -> list[ArmWish]:
        """The arms that were asked for, the control first."""
        data = self.cleaned_data
        return [
            ArmWish("A", "对照组", data["weight_control"], material=data["material_control"]),
            *([ArmWish("B", "B 组", data["weight_b"], material=data["material_b"])] if data["weight_b"] else []),
            *([ArmWish("H", "留白组", data["weight_holdout"], is_holdout=True)] if data["weight_holdout"] else []),
        ]


class PowerForm(forms.Form):
    """样本量: shares in per cent or means in yuan; clusters where whole groups are drawn."""

    kind = forms.ChoiceField(label="指标", choices=[("share", "比例（%）"), ("mean", "平均值（元）")])
    before = forms.FloatField(label="现在", initial=10, min_value=0)
    after = forms.FloatField(label="希望看出", initial=12, min_value=0)
    deviation = forms.FloatField(label="标准差（平均值才用）", required=False, min_value=0)
    size = forms.FloatField(label="每群人数（按会员分组填 1）", initial=200, min_value=1)
    likeness = forms.FloatField(label="组内相关", initial=0.02, min_value=0, max_value=1)

    prefix = "power"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _styled(self)
