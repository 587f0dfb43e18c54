"""Which column of a file is which field, whatever the till calls it."""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from stores.sheets.errors import SheetError

_BRACKETED = re.compile(r"[(\[{【〔〈<][^)\]}】〕〉>]*[)\]}】〕〉>]")
_NOISE = re.compile(r"[\s_\-·.:*#/\\|,;、。'\"“”‘’　﻿]+")
_UNIT_TAIL = re.compile(r"(?<=.)(?:元|rmb|cny|yuan)$")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing an import wants to know of a row.

    `names` are the header names it goes by, the best first; `label` is what the pages call it. `instead` are the
    fields that, all of them, stand in for a required one.
    """

    key: str
    label: str
    names: tuple[str, ...]
    required: bool = False
    help: str = ""
    instead: tuple[str, ...] = ()


@lru_cache(maxsize=8192)
def normalise(name: str) -> str:
    """A header name without width, case, spaces and punctuation: `实付金额 (元)` → `实付金额(元)`."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", name).lower())


@lru_cache(maxsize=8192)
def _bare(name: str) -> str:
    """The same without what stands in brackets and without a unit at the end: `实付金额(元)` → `实付金额`.

    A name wholly in brackets keeps what is in them: `【实付金额】` → `实付金额`.
    """
    name = unicodedata.normalize("NFKC", name)
    return _UNIT_TAIL.sub("", normalise(_BRACKETED.sub("", name)) or normalise(name.strip()[1:-1]))


def match_columns(header: Sequence[str], fields: Iterable[Field]) -> dict[str, int]:
    """Field key → column index, for every field whose column can be told by its name.

    An exact name beats one that only fits without its brackets, a field's better name beats a lesser one, and of
    two columns with one name the first is taken (`ambiguous_names` tells). No column serves two fields.
    """
    fields = tuple(fields)
    found: dict[str, int] = {}
    taken: set[int] = set()
    for simplify in (normalise, _bare):
        index: dict[str, int] = {}
        for position, name in enumerate(header):
            text = simplify(name)
            if text and position not in taken:
                index.setdefault(text, position)
        for field in fields:
            if field.key in found:
                continue
            for name in field.names:
                position = index.get(simplify(name), -1)
                if position >= 0 and position not in taken:
                    found[field.key] = position
                    taken.add(position)
                    break
    return found


def ambiguous_names(header: Sequence[str], mapping: Mapping[str, int]) -> list[str]:
    """Names of mapped columns that stand in the header more than once, so that a person should look."""
    texts = [normalise(name) for name in header]
    return [header[position] for position in mapping.values() if texts.count(texts[position]) > 1]


def missing_fields(mapping: Mapping[str, int], fields: Iterable[Field], *, given: Collection[str] = ()) -> list[Field]:
    """Required fields that have no column, nothing in their stead, and are not `given` from elsewhere."""
    known = {*mapping, *given}
    return [
        field
        for field in fields
        if field.required and field.key not in known and not (field.instead and known.issuperset(field.instead))
    ]


def require_columns(
    mapping: Mapping[str, int],
    fields: Iterable[Field],
    *,
    header: Sequence[str],
    file: str = "",
    row: int | None = None,
    given: Collection[str] = (),
) -> None:
    """Refuse a mapping that lacks a required field or points outside the header.

    :raises SheetError: naming what is missing and what the file has instead
    """
    lacking = missing_fields(mapping, fields, given=given)
    if lacking:
        labels = "、".join(f"「{field.label}」" for field in lacking)
        there = "、".join(name for name in header if name.strip()) or "（空）"
        raise SheetError(f"缺少{labels}列。文件里的列是：{there}", file=file, row=row)
    for key, position in mapping.items():
        if not 0 <= position < len(header):
            raise SheetError(f"「{key}」对应到第 {position + 1} 列，但文件只有 {len(header)} 列", file=file, row=row)


def header_key(header: Sequence[str]) -> str:
    """A fingerprint of a header, under which its mapping is remembered."""
    return hashlib.sha256("\x1f".join(normalise(name) for name in header).encode()).hexdigest()
