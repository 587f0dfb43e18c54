"""The cells of a sales file, each distinct text read once.

A reader gives the value the table wants, or raises `CellError`. `Cached` keeps what a reader said; a refusal is kept
as a value of its own, so that a whole column is tested for refusals at the speed of C and only refused rows are
looked at singly.
"""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Generic, TypeVar

from members import purchase_lines
from members.identities import is_mainland_phone, normalise_phone
from members.models import Identity
from stores.sheets import cells
from stores.sheets.errors import CellError

# Numbers no cell can hold: a cell that wants a careful look, a line without a number, a sale without a unit price.
REFUSED, NO_LINE, NO_PRICE = -(1 << 63), -1, purchase_lines.NO_PRICE
QUANTITY_SCALE = 10_000
MAX_RECEIPT, MAX_PAYMENT, MAX_CODE, MAX_NAME, MAX_CARD = 48, 16, 32, 128, 64
MAX_LINE_NUMBER = 2**31
_LONG_NUMBER = 9
_PHONE_LENGTH = 11
_CARD, _PHONE = Identity.Kind.CARD.value, Identity.Kind.PHONE.value

_ANONYMOUS = frozenset(
    ("", "/", "\\", "-", "--", "—", "无", "空", "非会员", "无会员", "不是会员", "散客", "零散顾客", "普通顾客",
     "普通客户", "游客", "匿名", "null", "none", "nan", "n/a", "na", "#n/a", "无卡", "未登记")
)  # fmt: skip
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?e\+?\d{1,2}", re.IGNORECASE | re.ASCII)
_TIME_ONLY = re.compile(r"\D{0,3}\d{1,2}[:：时点]")
_EXCEL_TEXT = re.compile(r'="(.*)"')
_MASKED_PHONE = re.compile(r"1\d{2}[xX•·●○.#_-]{3,6}\d{3,4}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_RETURN_WORDS = ("退货", "退款", "销退", "退单", "退换", "return", "refund")

Value = TypeVar("Value")


class Cached(dict[str, Value], Generic[Value]):
    """Text → what its reader made of it, `refused` where it raised or gave None; starts afresh at `limit` texts."""

    def __init__(self, reader: Callable[[str], Value | None], *, refused: Value, limit: int = 20_000) -> None:
        super().__init__()
        self.reader = reader
        self._refused = refused
        self._limit = limit

    def __missing__(self, text: str) -> Value:
        try:
            value = self.reader(text)
        except CellError:
            value = None
        if len(self) >= self._limit:
            self.clear()
        kept = self[text] = self._refused if value is None else value
        return kept


def _text(text: str, *, limit: int) -> str:
    """A text for the table: NFKC, trimmed, out of its `="…"`; refused when it would not fit."""
    if text.isascii() and text.isalnum() and len(text) <= limit:
        return text  # nearly all codes and numbers: nothing to clean, nothing to refuse
    wrapped = _EXCEL_TEXT.fullmatch(text.strip())
    cleaned = unicodedata.normalize("NFKC", wrapped[1] if wrapped else text).strip()
    if _CONTROL.search(cleaned):
        raise CellError("有不可见的控制字符")
    if cleaned.startswith(("=", "@")):
        raise CellError(f"像一个公式：{cleaned[:20]}")
    if cleaned.startswith("#") and cleaned.endswith(("!", "?", "/A")):
        raise CellError(f"是表格的错误值：{cleaned[:20]}")
    if len(cleaned) > limit:
        raise CellError(f"超过 {limit} 个字：{cleaned[:20]}…")
    return cleaned


def are_plain(column: list[str], *, limit: int) -> bool:
    """Whether every cell is of 1 to `limit` ASCII letters and digits, so that `_text` would return it as it is."""
    lengths = set(map(len, column))
    text = "".join(column)
    return bool(lengths) and min(lengths) > 0 and max(lengths) <= limit and text.isascii() and text.isalnum()


def code(text: str) -> str:
    """The code of a store or a product. :raises CellError: empty, an error value, destroyed, or too long"""
    return cells.parse_code(_text(text, limit=MAX_CODE))


def name(text: str) -> str:
    """A name, perhaps empty. :raises CellError:"""
    return _text(text, limit=MAX_NAME)


def receipt(text: str) -> str:
    """A receipt number; empty where there is none.

    One that a spreadsheet rewrote as `4.0128E+10` is the whole number it still shows (see `is_scientific`): the line's
    content tells lines apart, so a sale is not refused for it.

    :raises CellError:
    """
    cleaned = _text(text, limit=MAX_RECEIPT)
    if not cleaned or cleaned.isalnum():
        return cleaned
    if is_scientific(cleaned):
        return format(Decimal(cleaned), "f")[:MAX_RECEIPT]
    return cells.parse_code(cleaned)


def is_scientific(text: str) -> bool:
    """Whether a spreadsheet wrote a number in powers of ten and so may have lost digits."""
    return "." in text and _SCIENTIFIC.fullmatch(text.strip()) is not None


def payment(text: str) -> str:
    """How it was paid. :raises CellError:"""
    return _text(text, limit=MAX_PAYMENT)


def is_time_only(text: str) -> bool:
    """Whether a cell holds a time of day whose date stands in another column."""
    return _TIME_ONLY.match(text.strip()) is not None


def line_number(text: str) -> int:
    """The receipt's own number of the line; `NO_LINE` where the cell is empty. :raises CellError:"""
    cleaned = _text(text, limit=MAX_CODE)
    if not cleaned:
        return NO_LINE
    digits = cells.parse_code(cleaned)
    if not (digits.isascii() and digits.isdigit() and int(digits) < MAX_LINE_NUMBER):
        raise CellError(f"不是行号：{cleaned[:20]}")
    return int(digits)


def quantity(text: str) -> int | None:
    """A quantity in ten-thousandths (what is finer is rounded); None where the cell is empty. :raises CellError:"""
    plain = _plain_number(text, places=4)
    if plain is not None:
        return plain
    return int(cells.parse_quantity(text)[0] * QUANTITY_SCALE) if text.strip() else None


def _plain_number(text: str, *, places: int) -> int | None:
    """A number of digits and at most one point, scaled by ten to the `places`; None where a parser must look.

    Amounts and weights hardly repeat in a file, so they are what reading it costs.
    """
    whole, _, part = text.partition(".")
    if text.isascii() and whole.isdigit() and len(whole) < _LONG_NUMBER and len(part) <= places:
        if not part:
            return int(f"{whole}{'0' * places}")
        if part.isdigit():
            scaled: int = int(whole + part.ljust(places, "0"))
            return scaled
    return None


def unit(text: str) -> str:
    """The unit written behind a quantity, perhaps empty. :raises CellError:"""
    if text[-1:].isdigit():
        return ""
    return cells.parse_quantity(text)[1] if text.strip() else ""


def fen(text: str) -> int | None:
    """An amount in fen; None where the cell is empty. :raises CellError:"""
    plain = _plain_number(text, places=2)
    if plain is not None:
        return plain
    return cells.parse_fen(text) if text.strip() else None


def is_return(text: str) -> bool:
    """Whether a kind-of-transaction cell says that goods came back."""
    cleaned = cells.clean(text)
    return cleaned in ("是", "退") or any(word in cleaned for word in _RETURN_WORDS)


def amount_of(*, quantity: int, unit_price_fen: int) -> int:
    """What a quantity (ten-thousandths) costs at a price, half a fen rounded away from zero."""
    exact = Decimal(quantity * unit_price_fen) / QUANTITY_SCALE
    return int(exact.quantize(Decimal(1), rounding="ROUND_HALF_UP"))


def identity(text: str, *, phones_only: bool = False) -> tuple[str, str] | None:
    """(kind, value) of whoever a cell names; None for nobody, a masked number or one a spreadsheet destroyed.

    A mainland mobile number is a phone, whatever its column is called; anything else is a card number, as written.

    :raises CellError: longer than any card, or an error value
    """
    if len(text) <= _PHONE_LENGTH and text.isdecimal() and text.isascii() and text.strip("0"):  # nothing to clean
        kind = _PHONE if is_mainland_phone(text) else _CARD
        return None if phones_only and kind == _CARD else (kind, text)
    cleaned = unicodedata.normalize("NFKC", text).strip().removeprefix("'").strip()
    wrapped = _EXCEL_TEXT.fullmatch(cleaned)
    cleaned = wrapped[1].strip() if wrapped else cleaned
    if cleaned.lower() in _ANONYMOUS or not cleaned.strip("0"):
        return None
    if cleaned.startswith("#") and cleaned.endswith(("!", "?")):  # somebody stood there: not a sale to nobody
        raise CellError(f"是表格的错误值：{cleaned[:20]}")
    if cleaned.startswith(("#", "=")) or "*" in cleaned or _MASKED_PHONE.fullmatch(cleaned) or is_scientific(cleaned):
        return None
    whole = cleaned.removesuffix(".0") if cleaned[:-2].isdigit() else cleaned
    phone = normalise_phone(whole)
    if phone is not None:
        return _PHONE, phone
    if phones_only:
        return None
    if len(whole) > MAX_CARD:
        raise CellError(f"会员卡号超过 {MAX_CARD} 个字")
    if _CONTROL.search(whole):
        raise CellError("会员卡号里有不可见的控制字符")
    return _CARD, whole


def unless_negative(value: int | None) -> int | None:
    """The number, or None where it is missing or may belong to a return."""
    return None if value is None or value < 0 else value


def price(text: str) -> int:
    """A unit price in fen; `NO_PRICE` where the cell is empty. :raises CellError:"""
    amount = fen(text)
    return NO_PRICE if amount is None else amount


def person_name(text: str) -> str:
    """A member's name for display only: one that cannot be kept is no reason to refuse a sale."""
    try:
        return name(text)[:64]
    except CellError:
        return ""
