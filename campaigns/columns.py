"""The columns of a model in order, for the few statements of a claim that are written by hand."""

from django.db import models


def columns_of(model: type[models.Model], *, without: tuple[str, ...] = ()) -> list[str]:
    """Names that are both the attribute and the column, as with every model of ours."""
    fields = model._meta.concrete_fields  # noqa: SLF001 -- Django documents it
    return [field.attname for field in fields if field.attname not in without]
