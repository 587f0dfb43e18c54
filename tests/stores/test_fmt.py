"""How money, counts, stock and days are written."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.templatetags import fmt


@pytest.mark.parametrize(
    ("fen", "written"),
    [(123450, "¥1,234.50"), (5, "¥0.05"), (0, "¥0.00"), (-300, "-¥3.00"), (-1, "-¥0.01"), (None, "—")],
)
def test_money_is_written_in_yuan(fen, written):
    assert fmt.yuan(fen) == written


@given(st.integers(-(10**15), 10**15))
def test_no_fen_is_lost_in_writing(fen):
    assert Decimal(fmt.yuan(fen).replace("¥", "").replace(",", "")) * 100 == fen


@pytest.mark.parametrize(
    ("fen", "written"),
    [(528649, "¥5,286"), (0, "¥0"), (-12345, "-¥123"), (12_345_600, "¥12.3万"), (-12_345_600, "-¥12.3万")],
)
def test_a_headline_is_short(fen, written):
    assert fmt.yuan_short(fen) == written


def test_numbers_have_their_thousands_apart():
    assert [fmt.grouped(n) for n in (12345, 0, None)] == ["12,345", "0", "—"]


@pytest.mark.parametrize(("number", "written"), [(4_123_456, "约 412 万"), (32_100, "约 3.2 万")])
def test_an_estimate_is_not_more_exact_than_it_is(number, written):
    assert fmt.about(number) == written


def test_a_weekday_is_read_on_the_business_clock():
    assert fmt.weekday(date(2026, 11, 22)) == "周日"
    assert fmt.weekday(datetime(2026, 11, 22, 20, 0, tzinfo=UTC)) == "周一"
    assert fmt.weekday(None) == ""


@pytest.mark.parametrize(
    ("amount", "unit", "written", "typed"),
    [
        (6250, "jin", "12.5 斤", "12.5"),
        (1_000_000, "jin", "2,000 斤", "2000"),
        (1, "jin", "0.002 斤", "0.002"),
        (0, "jin", "0 斤", "0"),
        (1200, "portion", "1,200 份", "1200"),
        (3, "piece", "3 个", "3"),
    ],
)
def test_stock_is_written_as_shop_staff_count(amount, unit, written, typed):
    assert fmt.stock(amount, unit) == written
    assert fmt.plain_stock(amount, unit) == typed


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148 MicroMessenger/8.0.50", "苹果手机 · 微信"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile wxwork/4.1.30 MicroMessenger/7.0", "安卓手机 · 企业微信"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Windows 电脑 · Edge"),
        ("curl/8", "其他设备 · 浏览器"),
    ],
)
def test_a_browser_is_named_as_a_person_would(agent, said):
    assert fmt.device(agent) == said
