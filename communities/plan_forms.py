"""What HQ types on the pages of the plan, checked and worded."""

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from django import forms

from communities.models import CalendarDay, CustomerGroup, PlanCell, QuotaRule, Slot, Theme
from communities.selectors.plan_cells import CellFacts, Saying, Scope
from communities.services.planning.quota import MOST_RESERVE
from communities.squares import WEEKDAYS
from stores.models import Region, Store

if TYPE_CHECKING:
    from django.http import QueryDict

_APART = re.compile(r"[\s,，;；、]+")
MOST_STORES = 5_000
_NAMED = 5


def _styled(form: forms.BaseForm) -> None:
    for field in form.fields.values():
        widget = field.widget
        if isinstance(widget, forms.CheckboxInput | forms.RadioSelect):
            continue
        is_choice = isinstance(widget, forms.Select)
        widget.attrs.setdefault("class", "form-select" if is_choice else "form-control")


def region_choices() -> list[tuple[str, str]]:
    """Parents before children, each indented below its parent."""
    rows = Region.objects.order_by("path").values_list("pk", "name", "path")
    return [(str(pk), f"{'　' * (path.count('/') - 1)}{name}") for pk, name, path in rows]


class CellForm(forms.Form):
    """What a cell says and for whom; stores come as codes, pasted from anywhere."""

    theme = forms.ChoiceField(label="主题", choices=Theme.choices)
    must_do = forms.ChoiceField(
        label="要求", choices=[("1", "必做"), ("0", "可做")], widget=forms.RadioSelect,
        help_text="必做：门店不能换；可做：店长可以换成自己的内容",
    )  # fmt: skip
    wish = forms.ChoiceField(label="发送方式", choices=PlanCell.Wish.choices)
    region = forms.ChoiceField(label="区域", required=False)
    stage = forms.ChoiceField(
        label="门店阶段", required=False,
        choices=[("", "不限"), *((s, s.label) for s in Store.Stage if s != Store.Stage.SUSPENDED)],
    )  # fmt: skip
    group_kind = forms.ChoiceField(label="群类型", required=False, choices=[("", "不限"), *CustomerGroup.Kind.choices])
    store_codes = forms.CharField(
        label="只给这些门店", required=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "S00012 S00013 …"}),
        help_text="粘贴门店编码，空格、逗号或换行分开；留空就不按门店限定",
    )  # fmt: skip
    materials = forms.TypedMultipleChoiceField(label="轮换素材", required=False, coerce=int)

    def __init__(self, *args: Any, cell: CellFacts | None = None, **kwargs: Any) -> None:
        if cell is not None:
            kwargs["initial"] = _initial(cell) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["region"]).choices = [("", "全部区域"), *region_choices()]
        # The service checks which of HQ's materials can be planned: it is the one to know.
        picked = picked_materials(self)
        cast("forms.ChoiceField", self.fields["materials"]).choices = [(one, str(one)) for one in picked]
        _styled(self)

    def clean_store_codes(self) -> tuple[int, ...] | None:
        """Ids of the stores; None where no code was given."""
        codes = {code.upper() for code in _APART.split(unicodedata.normalize("NFKC", self.cleaned_data["store_codes"]))}
        codes.discard("")
        if not codes:
            return None
        if len(codes) > MOST_STORES:
            raise forms.ValidationError(f"一次最多 {MOST_STORES:,} 家店：这么多店请改用区域或门店阶段")
        found = {code.upper(): pk for pk, code in Store.objects.values_list("pk", "code") if code.upper() in codes}
        unknown = sorted(codes - found.keys())
        if unknown:
            more = f" 等 {len(unknown)} 个" if len(unknown) > _NAMED else ""
            raise forms.ValidationError(f"没有这些门店编码：{'、'.join(unknown[:_NAMED])}{more}")
        return tuple(sorted(found.values()))

    def scope(self) -> Scope:
        typed = self.cleaned_data
        return Scope(
            region_id=int(typed["region"]) if typed["region"] else None, stage=typed["stage"],
            group_kind=typed["group_kind"], store_ids=typed["store_codes"],
        )  # fmt: skip

    def saying(self) -> Saying:
        typed = self.cleaned_data
        return Saying(
            theme=typed["theme"], material_ids=tuple(typed["materials"]), must_do=typed["must_do"] == "1",
            wish=typed["wish"],
        )  # fmt: skip


def picked_materials(form: forms.Form) -> list[int]:
    """The ids typed into a bound form, known or not."""
    if not form.is_bound:
        return []
    return [int(one) for one in cast("QueryDict", form.data).getlist("materials") if one.isdigit()]


def _initial(cell: CellFacts) -> dict[str, Any]:
    codes = Store.objects.filter(pk__in=cell.scope.store_ids or ()).order_by("code").values_list("code", flat=True)
    return {
        "theme": cell.saying.theme, "must_do": "1" if cell.saying.must_do else "0", "wish": cell.saying.wish,
        "region": str(cell.scope.region_id or ""), "stage": cell.scope.stage, "group_kind": cell.scope.group_kind,
        "store_codes": " ".join(codes),
    }  # fmt: skip


def _date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PublishForm(forms.Form):
    """From which day the draft counts, why, and what was looked at."""

    valid_from = forms.DateField(label="从哪天起生效", widget=_date_input(), error_messages={"invalid": "日期写法不对"})
    note = forms.CharField(label="说明", max_length=200, required=False, help_text="改了什么、为什么，方便以后查")
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"].widget.attrs["min"] = today.isoformat()
        _styled(self)


class SlotForm(forms.Form):
    """A slot's name, hour, grace, and whether it is used."""

    name = forms.CharField(label="名称", max_length=16)
    at = forms.TimeField(label="时间", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    grace_minutes = forms.IntegerField(label="宽限（分钟）", min_value=5, max_value=180)
    is_active = forms.BooleanField(label="启用", required=False)

    def __init__(self, *args: Any, slot: Slot, **kwargs: Any) -> None:
        fields = ("name", "at", "grace_minutes", "is_active")
        kwargs |= {"initial": {name: getattr(slot, name) for name in fields}, "auto_id": f"id_{slot.pk}_%s"}
        super().__init__(*args, **kwargs)
        self.slot = slot
        _styled(self)
        self.fields["is_active"].widget.attrs["class"] = "form-check-input"


class RegionHourForm(forms.Form):
    """A region's own hour of a slot."""

    slot = forms.ModelChoiceField(label="时段", queryset=Slot.objects.order_by("number"), empty_label=None)
    region = forms.ModelChoiceField(label="区域", queryset=Region.objects.all())
    at = forms.TimeField(label="时间", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Region]", self.fields["region"]).choices = region_choices()
        _styled(self)


class CalendarForm(forms.Form):
    """How a day goes."""

    day = forms.DateField(label="日期", widget=_date_input())
    kind = forms.ChoiceField(label="类型", choices=CalendarDay.Kind.choices)
    name = forms.CharField(label="名称", max_length=32, help_text="例如：国庆节、周年庆快闪")
    as_weekday = forms.TypedChoiceField(
        label="按哪天的计划", required=False, coerce=int, empty_value=None,
        choices=[("", "按它自己的星期"), *((n, f"按周{day}") for n, day in enumerate(WEEKDAYS))],
    )  # fmt: skip
    is_silent = forms.BooleanField(label="这天什么都不发", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _styled(self)
        self.fields["is_silent"].widget.attrs["class"] = "form-check-input"


class QuotaForm(forms.Form):
    """WeCom's rule from a day on."""

    rule = forms.ChoiceField(label="规则", choices=QuotaRule.Rule.choices)
    valid_from = forms.DateField(label="从哪天起", widget=_date_input())
    reserve = forms.IntegerField(
        label="预留次数", min_value=0, max_value=MOST_RESERVE,
        help_text="每个群留给临时群发的次数，自动安排不会用掉",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _styled(self)
