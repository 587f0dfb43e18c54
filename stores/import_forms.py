"""What a person sends to import a file, checked against what she may do."""

from collections.abc import Sequence
from typing import Any

from django import forms

from stores.import_selectors import given_fields, kinds_for, preview_of
from stores.imports_registry import handler_for
from stores.models import ImportJob, Staff, Store
from stores.selectors import stores_for
from stores.sheets.columns import Field, header_key, missing_fields


def _instead_of(field: Field, fields: Sequence[Field]) -> str:
    labels = {other.key: other.label for other in fields}
    return f"，或者{'和'.join(f'「{labels[key]}」' for key in field.instead)}" if field.instead else ""


class UploadForm(forms.Form):
    """A file, what it is, and whose. Store staff import for their own store, whatever they send."""

    kind = forms.ChoiceField(label="这是什么表格")
    store = forms.CharField(
        label="属于哪家门店", required=False, max_length=32,
        help_text="填门店编码。文件里没有门店列时，全部算这家门店的；有门店列时，只收这家门店的行",
    )  # fmt: skip
    file = forms.FileField(
        label="文件",
        error_messages={"required": "请选择文件", "empty": "文件是空的，请重新导出后再上传"},
        max_length=200,
    )

    def __init__(self, *args: Any, user: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        allowed = kinds_for(user)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 -- for the type checker
        kind.choices = [(value, label) for value, label in ImportJob.Kind.choices if value in allowed]
        kind.widget.attrs["class"] = "form-select"
        kind.initial = allowed[0] if allowed else None
        if len(allowed) == 1:
            kind.widget = forms.HiddenInput()
        if user.store_id is not None:
            del self.fields["store"]
        else:
            self.fields["store"].widget.attrs |= {"class": "form-control", "autocomplete": "off"}
            if not user.is_hq:
                self.fields["store"].label = "只属于一家门店吗（可不填）"
                self.fields[
                    "store"
                ].help_text = (
                    "文件里没有门店列时，填上门店编码；不填就看文件里的门店列，不由你负责的门店的行会退回并写明原因"
                )

    def clean_store(self) -> Store | None:
        """A store of this person's, or none."""
        code = self.cleaned_data["store"].strip()
        if not code:
            return None
        store = stores_for(self.user).filter(code=code).first()
        if store is None:
            raise forms.ValidationError(f"没有门店编码 {code}，或不由你负责")
        return store

    def store_of(self) -> Store | None:
        """The only store the file may write, None for all."""
        return self.user.store if self.user.store_id is not None else self.cleaned_data.get("store")


class MappingForm(forms.Form):
    """Which column is which, and the switches; built from what the file has."""

    sheet = forms.CharField(required=False, widget=forms.HiddenInput)
    header = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, job: ImportJob, user: Staff, sheet: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        handler, given = handler_for(job.kind), given_fields(job)
        self._fields_of_file, self._given = handler.fields, given
        #: Names of the selects that may not stay empty → what may be chosen in their stead.
        self.musts: dict[str, str] = {}
        chosen = self.data.get("sheet", sheet) if self.is_bound else sheet
        #: :raises SheetError: the file is gone, or there is no such sheet
        self.preview = preview_of(job, sheet=chosen)
        self.initial = {**self.initial, "sheet": chosen, "header": header_key(self.preview.header)}
        columns = [("", "—— 文件里没有 ——"), *((str(index), name) for index, name in self.preview.column_names)]
        for choice in self.preview.choices:
            known = choice.field
            must = known.required and known.key not in given
            self.fields[f"column-{known.key}"] = forms.ChoiceField(
                label=known.label, choices=columns, required=must and not known.instead, help_text=known.help,
                initial="" if choice.column is None else str(choice.column),
                widget=forms.Select(attrs={"class": "form-select"}),
                error_messages={"required": f"请选出哪一列是「{known.label}」"},
            )  # fmt: skip
            if must:
                self.musts[f"column-{known.key}"] = _instead_of(known, handler.fields)
        for option in handler.options:
            if user.is_hq or not option.hq_only:
                self.fields[f"option-{option.key}"] = forms.BooleanField(
                    label=option.label, help_text=option.help, required=False,
                    initial=bool(self.preview.options.get(option.key, option.default)),
                    widget=forms.CheckboxInput(attrs={"class": "form-check-input", "role": "switch"}),
                )  # fmt: skip

    @property
    def column_fields(self) -> list[forms.BoundField]:
        """The selects, one a field."""
        return [field for field in self if field.name.startswith("column-")]

    @property
    def missing(self) -> list[str]:
        """What the file seems to lack, with what may stand in for it."""
        return [f"「{field.label}」{self.musts[f'column-{field.key}']}" for field in self.preview.missing]

    @property
    def option_fields(self) -> list[forms.BoundField]:
        """The switches this person may set."""
        return [field for field in self if field.name.startswith("option-")]

    def clean(self) -> dict[str, Any]:
        """No column may serve twice, and the header must still be the one that was looked at."""
        cleaned = super().clean() or {}
        if cleaned.get("header") and cleaned["header"] != header_key(self.preview.header):
            raise forms.ValidationError("换了工作表，请重新核对各列")
        taken: dict[int, str] = {}
        for key, column in self.mapping.items():
            label = str(self.fields[f"column-{key}"].label)
            if column in taken:
                self.add_error(f"column-{key}", f"这一列已经选作「{taken[column]}」")
            taken.setdefault(column, label)
        for field in missing_fields(self.mapping, self._fields_of_file, given=self._given):
            name = f"column-{field.key}"
            if not self.has_error(name):
                self.add_error(name, f"请选出哪一列是「{field.label}」{self.musts[name]}")
        return cleaned

    @property
    def mapping(self) -> dict[str, int]:
        """Field key → column index, of what was chosen."""
        return {
            name.removeprefix("column-"): int(value)
            for name, value in self.cleaned_data.items()
            if name.startswith("column-") and value != ""
        }

    @property
    def options(self) -> dict[str, Any]:
        """The switches, and the sheet."""
        chosen = {
            name.removeprefix("option-"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("option-")
        }
        return chosen | {"sheet": self.cleaned_data.get("sheet", "")}
