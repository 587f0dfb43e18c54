"""What goes to the database as bytes comes back as what it was; columns read at once read like cells read singly."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.imports import moments, pgcopy
from members.imports.cells import REFUSED, Cached
from members.services.partitions import BUSINESS_ZONE

INT4 = st.integers(-(2**31), 2**31 - 1)
INT8 = st.integers(-(2**63), 2**63 - 1)
QUANTITY = st.integers(-(10**13), 10**13)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20).map(lambda text: text.rstrip(" "))
MOMENT = st.datetimes(datetime(2000, 1, 1), datetime(2100, 12, 31, 23, 59, 59)).map(  # noqa: DTZ001 -- made aware next
    lambda moment: moment.replace(tzinfo=BUSINESS_ZONE)
)
ROW = st.tuples(INT4, INT8, QUANTITY, st.uuids(), TEXT, MOMENT)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=8))
def test_every_kind_of_column_makes_the_round_trip(rows):
    small, big, quantities, keys, texts, times = zip(*rows, strict=True)
    block = pgcopy.encode([
        pgcopy.int4(small), pgcopy.int8(big), pgcopy.numeric(np.array(quantities, np.int64)),
        pgcopy.uuid([key.bytes for key in keys]), pgcopy.padded(texts),
        pgcopy.int8([moments.number_of(time) for time in times]),
    ])  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS round_trip;"
            "CREATE TEMP TABLE round_trip (a int, b bigint, c numeric, d uuid, e bpchar, f timestamptz)"
        )
        with cursor.copy("COPY round_trip FROM STDIN (FORMAT binary)") as copy:
            copy.write(pgcopy.HEADER + block + pgcopy.TRAILER)
        cursor.execute("SELECT a, b, c, d, e::varchar, f FROM round_trip")
        back = cursor.fetchall()

    assert [(a, b, int(c * 10_000), d, e, f) for a, b, c, d, e, f in back] == rows
    assert all(isinstance(c, Decimal) and c.as_tuple().exponent == -4 for _, _, c, *_ in back)


def test_nobody_is_the_nil_uuid_and_a_key_may_end_in_zeros():
    column = pgcopy.uuid([b"", b"\1" + bytes(15)])

    assert [UUID(bytes=value.tobytes()).int for value in column] == [0, 1 << 120]


PLAIN = MOMENT.map(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}")
NOT_PLAIN = st.sampled_from([
    "2026-02-30 09:03:00", "2026-01-05 24:00:01", "1999-12-31 23:59:59", "2101-01-01 00:00:00", "2026-01-05 09+08:00",
    "2026-01-05T09:03:00", "20260105", "", "２026-01-05 09:03:00", "2026-01-05 09:03:0Z", "+026-01-05 09:03:00",
])  # fmt: skip


@given(column=st.lists(PLAIN | NOT_PLAIN, min_size=1, max_size=6))
def test_a_column_of_moments_is_read_as_its_cells_are_or_left_to_them(column):
    singly = list(map(Cached(moments.parse, refused=REFUSED).__getitem__, column))

    at_once = moments.parse_plain(column)

    assert at_once is None or at_once.tolist() == singly


@given(column=st.lists(PLAIN, min_size=1, max_size=6))
def test_a_column_of_plain_moments_is_read_at_once(column):
    numbers = moments.parse_plain(column)

    assert [moments.text_of(number) for number in numbers.tolist()] == [f"{text}+08" for text in column]
    assert moments.days_of(numbers) == [text[:10].replace("-", "") for text in column]
    assert moments.months_of(numbers) == {text[:7] for text in column}
