"""What a cell says: money, quantity, moment, code. Every parser takes the text as exported and raises `CellError`."""
# ruff: noqa: PLR2004 -- the numbers of clocks and calendars are their own names

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from stores.sheets.errors import CellError

ZONE = ZoneInfo("Asia/Shanghai")
FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_FEN = 10**12
MAX_QUANTITY = Decimal(10**9)

_DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "‐": "-"})
_SPACES = re.compile(r"\s+")
_NUMBER = r"(?P<number>(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,2})?)"
_MONEY = re.compile(
    rf"(?P<open>\()?(?P<s1>[+-]?)(?:¥|rmb|cny)?(?P<s2>[+-]?){_NUMBER}(?:元整?|圆|块|¥|rmb|cny)?(?P<s3>-?)(?P<close>\))?",
    re.ASCII,
)
_PLAIN_MONEY = re.compile(r"(-?\d{1,9})(?:\.(\d{1,2}))?", re.ASCII)
_QUANTITY = re.compile(
    rf"(?P<open>\()?(?P<s1>[+-]?)(?P<s2>){_NUMBER}(?P<s3>-?)(?P<unit>[a-z\u4e00-\u9fff]{{0,4}})(?P<close>\))?",
    re.ASCII,
)
_DAY = re.compile(
    r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?|(\d{2})(\d{2}))[ t,]*", re.ASCII
)
_CLOCK = re.compile(
    r"(?P<half>上午|下午|凌晨|清晨|早上|中午|傍晚|晚上|am|pm)? ?(?P<hour>\d{1,2})"
    r"(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"|[时点](?:(?P<minute2>\d{1,2})分?(?:(?P<second2>\d{1,2})秒?)?)?)"
    r" ?(?P<after>上午|下午|凌晨|清晨|早上|中午|傍晚|晚上|am|pm|a\.m\.|p\.m\.)? ?(?P<zone>z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_PACKED_CLOCK = re.compile(r"(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?", re.ASCII)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_WEEKDAY = re.compile(r" ?\(?(?:星期|礼拜|周)[一二三四五六日天]\)? ?")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?e\+?\d+", re.IGNORECASE | re.ASCII)
_WHOLE_FLOAT = re.compile(r"(\d+)\.0+", re.ASCII)
# Day 0 of Excel's 1900 system, its phantom 29 February 1900 counted in.
_SERIAL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 -- a count of days; made aware where it is used


def clean(text: str) -> str:
    """The text in half-width characters, lower case, one kind of minus, without space around it.

    An apostrophe in front is what spreadsheets, and our own list of refused rows, put before text.
    """
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text).translate(_DASHES)).strip().removeprefix("'").lower()


def _shown(text: str) -> str:
    return text.strip()[:40]


def _refuse_empty(text: str, cleaned: str) -> None:
    if not cleaned:
        raise CellError("没有填")
    if cleaned.startswith("#"):
        raise CellError(f"是表格的错误值 {text.strip()[:20]}")


def _signed_number(match: re.Match[str], text: str, what: str) -> Decimal:
    signs = match["s1"] + match["s2"] + match["s3"]
    if len(signs) > 1 or (match["open"] is None) != (match["close"] is None) or (match["open"] and signs):
        raise CellError(f"看不懂这个{what}：{_shown(text)}")
    number = Decimal(match["number"].replace(",", ""))
    return -number if "-" in signs or match["open"] else number


def parse_fen(text: str) -> int:
    """An amount in yuan, as whole fen; `(12.00)`, `-￥12` and `12-` are negative.

    What lies below one fen is rounded half away from zero, as a till does.

    :raises CellError: empty, not an amount, or beyond 10 billion yuan
    """
    plain = _PLAIN_MONEY.fullmatch(text)
    if plain is not None:  # nearly every cell of nearly every file
        return int(plain[1] + (plain[2] or "").ljust(2, "0"))
    cleaned = clean(text)
    _refuse_empty(text, cleaned)
    match = _MONEY.fullmatch(cleaned.replace(" ", ""))
    if match is None:
        raise CellError(f"看不懂这个金额：{_shown(text)}")
    number = _signed_number(match, text, "金额")
    # Compared before it is scaled: 1e99 would otherwise be written out in full.
    if abs(number) > MAX_FEN // 100:
        raise CellError(f"金额大得不合理：{_shown(text)}")
    # Nine places first, so that the noise of a binary float (1.0049999999999999) is not taken for less than a half.
    return int((number.quantize(Decimal("1e-9")) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def parse_quantity(text: str) -> tuple[Decimal, str]:
    """A number and the unit written behind it: `1.25kg` → (1.25, "kg"), `2` → (2, "").

    At most four decimals are kept, rounded half away from zero.

    :raises CellError: empty, not a number, or beyond a thousand million
    """
    cleaned = clean(text)
    _refuse_empty(text, cleaned)
    match = _QUANTITY.fullmatch(cleaned.replace(" ", ""))
    if match is None:
        raise CellError(f"看不懂这个数量：{_shown(text)}")
    number = _signed_number(match, text, "数量")
    if abs(number) > MAX_QUANTITY:
        raise CellError(f"数量大得不合理：{_shown(text)}")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -4:
        number = number.quantize(Decimal("1e-9")).quantize(Decimal("1e-4"), rounding=ROUND_HALF_UP)
    return number, match["unit"]


def parse_moment(text: str) -> datetime:
    """A moment, aware, in Asia/Shanghai; a date alone is its midnight, an offset (`Z`, `+08:00`) is converted.

    Knows `2026-01-05 09:03:00`, `2026/1/5 9:03`, `2026.1.5`, `20260105`, `20260105093000`,
    `2026年1月5日 下午3:05`, ISO 8601 and Excel serials of the 1900 system. `24:00` is the next midnight (ISO 8601).
    A year that does not come first is refused: nobody can tell 1/5 from 5/1.

    :raises CellError: empty, unreadable, impossible, or outside the years 2000 to 2100
    """
    if len(text) == 19 and text[4] == text[7] == "-" and text[10] in " T" and text.isascii():
        try:  # what most tills write, at the speed of C
            moment = datetime.fromisoformat(text)
        except ValueError:
            pass  # the careful way below finds the reason
        else:
            if moment.tzinfo is None and FIRST_YEAR <= moment.year <= LAST_YEAR:
                return moment.replace(tzinfo=ZONE)
    cleaned = _WEEKDAY.sub(" ", clean(text)).strip()
    _refuse_empty(text, cleaned)
    if _SERIAL.fullmatch(cleaned):
        return _in_range(_SERIAL_EPOCH + timedelta(seconds=round(Decimal(cleaned) * 86400)), text).replace(tzinfo=ZONE)
    return _written_moment(cleaned, text)


def _written_moment(cleaned: str, text: str) -> datetime:
    day = _DAY.match(cleaned)
    if day is None:
        raise CellError(f"看不懂这个日期：{_shown(text)}（要写成 2026-01-05 09:03）")
    year, month, date_ = (int(part) for part in day.groups() if part is not None)
    try:
        midnight = datetime(year, month, date_)  # noqa: DTZ001 -- made aware below, once the offset is known
    except ValueError:
        raise CellError(f"没有这一天：{_shown(text)}") from None
    _in_range(midnight, text)
    rest = cleaned[day.end() :]
    if not rest:
        return midnight.replace(tzinfo=ZONE)
    clock = _CLOCK.fullmatch(rest) or (_PACKED_CLOCK.fullmatch(rest) if day[6] else None)
    if clock is None:
        raise CellError(f"看不懂这个时间：{_shown(text)}")
    parts = clock.groupdict()
    moment = midnight + _since_midnight(parts, text)
    zone = parts.get("zone")
    if zone is None:
        return moment.replace(tzinfo=ZONE)
    return _in_range(moment.replace(tzinfo=_offset(zone, text)).astimezone(ZONE), text)


def _since_midnight(parts: dict[str, str | None], text: str) -> timedelta:
    hour = int(parts["hour"] or 0)
    minute = int(parts["minute"] or parts.get("minute2") or 0)
    second = int(parts["second"] or parts.get("second2") or 0)
    fraction = int((parts.get("fraction") or "").ljust(6, "0")[:6])
    half = parts.get("half") or (parts.get("after") or "").replace(".", "") or None
    impossible = CellError(f"没有这个时间：{_shown(text)}")
    if parts.get("half") and parts.get("after"):
        raise impossible
    if half in ("下午", "傍晚", "晚上", "pm"):
        if half == "晚上" and hour == 12:  # midnight of which day? the text does not say
            raise impossible
        hour += 12 if hour < 12 else 0
    elif half == "中午":
        hour += 12 if hour < 3 else 0
    elif half is not None:
        if hour > 12:
            raise impossible
        hour = 0 if hour == 12 else hour
    if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second or fraction)):
        raise impossible
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=fraction)


def _offset(zone: str, text: str) -> timezone:
    if zone == "z":
        return UTC
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 14 or minutes > 59:
        raise CellError(f"没有这个时区：{_shown(text)}")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if zone[0] == "-" else offset)


def _in_range(moment: datetime, text: str) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise CellError(f"年份不在 {FIRST_YEAR}–{LAST_YEAR} 之间：{_shown(text)}")
    return moment


def parse_date(text: str) -> date:
    """The day of `parse_moment`."""
    return parse_moment(text).date()


def parse_code(text: str) -> str:
    """A code as text: half-width, trimmed, without the apostrophe or the `.0` a spreadsheet adds.

    :raises CellError: empty, an error value, or already destroyed (`1.23457E+12`)
    """
    code = unicodedata.normalize("NFKC", text).strip().removeprefix("'").strip()
    _refuse_empty(text, code)
    if _SCIENTIFIC.fullmatch(code) and "." in code:
        raise CellError(f"编号被表格软件改成了科学计数法：{code[:40]}（把这一列设为文本后重新导出）")
    whole = _WHOLE_FLOAT.fullmatch(code)
    return whole[1] if whole else code


_Value = TypeVar("_Value")


class Memo(dict[str, "_Value | CellError"], Generic[_Value]):
    """Each distinct text parsed once: `list(map(memo.__getitem__, column))`.

    A text the parser refuses gives its `CellError`, not raised. At `limit` distinct texts it starts afresh, so
    memory stays bounded for any file.
    """

    def __init__(self, parser: Callable[[str], _Value], *, limit: int = 100_000) -> None:
        super().__init__()
        self._parser = parser
        self._limit = limit

    def __missing__(self, text: str) -> "_Value | CellError":
        value: _Value | CellError
        try:
            value = self._parser(text)
        except CellError as refused:
            value = refused.with_traceback(None)  # a kept traceback would keep its frames
        if len(self) >= self._limit:
            self.clear()
        self[text] = value
        return value
