# ruff: noqa: DTZ001 -- a spreadsheet knows no time zones
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stores.sheets.cells import ZONE, Memo, parse_code, parse_date, parse_fen, parse_moment, parse_quantity
from stores.sheets.errors import CellError


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("12", 1200), ("12.5", 1250), ("12.05", 1205), ("0.01", 1), ("-0.5", -50), (".5", 50), ("12.", 1200),
        ("1234567890", 123_456_789_000), ("￥12.30", 1230), ("¥ 1,234.50", 123_450), ("1,234,567.89元", 123_456_789),
        ("１２．３４", 1234), ("12元整", 1200),
        ("(12.00)", -1200), ("-￥12", -1200), ("￥-12", -1200), ("12.00-", -1200),
        ("−12", -1200), ("+3", 300), ("1.5e2", 15_000), ("RMB 8", 800), ("12.299999999999999", 1230), ("1.005", 101),
        ("-1.005", -101), ("'-12.00", -1200), ("1.0049999999999999", 101),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_tills_write_it(text, fen):
    assert parse_fen(text) == fen


@pytest.mark.parametrize(
    "text", ["", "  ", "#VALUE!", "abc", "1,23", "--1", "(-1)", "(1", "1.2.3", "1e99", "12斤", "=1+1"]
)
def test_an_amount_that_is_none_is_refused(text):
    with pytest.raises(CellError):
        parse_fen(text)


@given(st.integers(-(10**11), 10**11))
def test_an_amount_survives_every_way_of_writing_it(fen):
    sign, (yuan, rest) = "-" if fen < 0 else "", divmod(abs(fen), 100)
    ways = [f"{sign}{yuan}.{rest:02d}", f"{sign}¥{yuan:,}.{rest:02d}", f" {sign}{yuan}.{rest:02d} 元"]
    ways.append(f"({yuan:,}.{rest:02d})" if fen < 0 else f"{yuan:,}.{rest:02d}")
    ways.append(ways[0].translate(str.maketrans("0123456789.-,", "０１２３４５６７８９．－，")))

    assert [parse_fen(way) for way in ways] == [fen] * len(ways)


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("2", "2", ""), ("1.25kg", "1.25", "kg"), ("2份", "2", "份"), ("500g", "500", "g"), ("3 斤", "3", "斤"),
        ("２．５ＫＧ", "2.5", "kg"), ("-1.5", "-1.5", ""), ("(2)", "-2", ""), ("2-", "-2", ""),
        ("1,250.5", "1250.5", ""),
        ("1e3", "1E+3", ""), ("0.30000000000000004", "0.3", ""), ("1.23456", "1.2346", ""),
    ],
)  # fmt: skip
def test_a_quantity_keeps_its_unit(text, number, unit):
    assert parse_quantity(text) == (Decimal(number), unit)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-05 09:03:00", (2026, 1, 5, 9, 3)), ("2026/1/5 9:03", (2026, 1, 5, 9, 3)),
        ("2026.01.05", (2026, 1, 5)), ("20260105", (2026, 1, 5)), ("20260105093000", (2026, 1, 5, 9, 30)),
        ("202601050930", (2026, 1, 5, 9, 30)), ("20260105 09:30", (2026, 1, 5, 9, 30)),
        ("2026年1月5日 下午3:05", (2026, 1, 5, 15, 5)), ("2026年1月5日15时05分20秒", (2026, 1, 5, 15, 5, 20)),
        ("2026-01-05 上午12:05", (2026, 1, 5, 0, 5)), ("2026-01-05 中午12:05", (2026, 1, 5, 12, 5)),
        ("2026/1/5 03:05 下午", (2026, 1, 5, 15, 5)), ("2026/1/5 12:05:06 上午", (2026, 1, 5, 0, 5, 6)),
        ("2026/1/5 3:05 p.m.", (2026, 1, 5, 15, 5)),
        ("2026-01-05 下午 12:05", (2026, 1, 5, 12, 5)), ("2026-01-05 晚上8:30", (2026, 1, 5, 20, 30)),
        ("2026-01-05 3:05 PM", (2026, 1, 5, 15, 5)), ("2026-01-05T09:03:00.250", (2026, 1, 5, 9, 3, 0, 250_000)),
        ("2026-01-05T09:03:00+08:00", (2026, 1, 5, 9, 3)), ("2026-01-05T01:03:00Z", (2026, 1, 5, 9, 3)),
        ("2026-01-05（星期一） 9:03", (2026, 1, 5, 9, 3)), ("２０２６／１／５　９：０３", (2026, 1, 5, 9, 3)),
        ("46027", (2026, 1, 5)), ("46027.377083333", (2026, 1, 5, 9, 3)), ("2026-01-05 24:00", (2026, 1, 6)),
        ("2024-02-29", (2024, 2, 29)),
    ],
)  # fmt: skip
def test_a_moment_is_read_as_tills_write_it(text, moment):
    assert parse_moment(text) == datetime(*moment, tzinfo=ZONE)


@pytest.mark.parametrize(
    "text",
    [
        "", "#VALUE!", "昨天", "2026-02-29", "2026-13-01", "2026-00-10", "20260230", "2026-01-05 25:00",
        "2026-01-05 24:01", "2026-01-05 12:60", "1999-12-31", "2101-01-01", "1/5/2026", "26-1-5",
        "2026-01-05 上午13:00",
        "2026-01-05 晚上12:05", "12", "99999", "2026-01-05T09:03:00+99:00", "0000-00-00 00:00:00",
    ],
)  # fmt: skip
def test_a_moment_that_never_was_is_refused(text):
    with pytest.raises(CellError):
        parse_moment(text)


@given(st.datetimes(datetime(2000, 1, 2), datetime(2100, 12, 30)))
def test_a_moment_survives_every_way_of_writing_it(naive):
    moment = naive.replace(microsecond=0)
    half = "上午" if moment.hour < 12 else "下午"
    serial = (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    ways = [
        f"{moment:%Y-%m-%d %H:%M:%S}", f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment:%M:%S}",
        f"{moment:%Y%m%d%H%M%S}", f"{moment:%Y-%m-%dT%H:%M:%S+08:00}",
        f"{moment.year}年{moment.month}月{moment.day}日 {half}{moment.hour % 12 or 12}:{moment:%M:%S}",
        f"{moment.replace(tzinfo=ZONE).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", f"{serial:.9f}",
    ]  # fmt: skip

    assert [parse_moment(way) for way in ways] == [moment.replace(tzinfo=ZONE)] * len(ways)
    assert parse_date(ways[0]) == date(moment.year, moment.month, moment.day)


@given(st.text(max_size=30) | st.from_regex(r"[0-9年月日:/.\- 上下午()¥,e+]{0,24}", fullmatch=True))
@example("1e-99")
@example("２0260105")
@example("00000.9")
def test_no_cell_raises_anything_but_a_cell_error(text):
    for parser in (parse_fen, parse_quantity, parse_moment, parse_code):
        with suppress(CellError):
            parser(text)


@pytest.mark.parametrize(
    ("text", "code"), [(" 00123 ", "00123"), ("'00123", "00123"), ("123.0", "123"), ("Ａ１", "A1"), ("12e5", "12e5")]
)
def test_a_code_is_text(text, code):
    assert parse_code(text) == code


def test_a_code_that_a_spreadsheet_destroyed_is_refused():
    with pytest.raises(CellError, match=r"科学计数法"):
        parse_code("6.92123E+12")


def test_a_memo_parses_each_text_once_and_stays_small():
    asked = []
    memo = Memo(lambda text: asked.append(text) or parse_fen(text), limit=3)

    results = [memo[text] for text in ("1", "1", "x", "x", "2", "3")]

    assert [r if isinstance(r, int) else type(r) for r in results] == [100, 100, CellError, CellError, 200, 300]
    assert asked == ["1", "x", "2", "3"]
    assert len(memo) == 1
