"""Rows in the binary format of PostgreSQL's COPY, made from whole columns.

https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY: a header, then for each row its number of
fields and for each field its length in bytes and its value, big end first. A row of fields of fixed width is a record
of fixed width, so a batch is one numpy array, and writing it costs some nanoseconds a cell instead of a string each.

Two things cannot have a fixed width and are bought otherwise: a NULL is a value of the column's own that means none
(the statement that reads the table knows it), and texts are padded with blanks to the longest of the batch, for
columns of type `bpchar`, to which trailing blanks mean nothing.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
TRAILER = struct.pack("!h", -1)

Integers = npt.NDArray[np.int64]
Column = npt.NDArray[Any]

# numeric: how many digits to the base of 10,000 follow, the power of the first, its sign, decimals shown, the digits.
_NUMERIC = np.dtype([(name, ">i2") for name in ("count", "weight", "sign", "scale", "d2", "d1", "d0", "part")])
_BASE = 10_000
_NEGATIVE = 0x4000
_BLANK = ord(" ")


def int4(values: npt.ArrayLike) -> Column:
    """A column of type `integer`."""
    return np.asarray(values).astype(">i4")


def int8(values: npt.ArrayLike) -> Column:
    """A column of type `bigint`, or `timestamptz` in microseconds since 2000-01-01 UTC."""
    return np.asarray(values).astype(">i8")


def uuid(values: Sequence[bytes]) -> Column:
    """A column of type `uuid` from 16 bytes each; b"" is the nil uuid."""
    return np.array(values, dtype="S16").view("V16")


def numeric(ten_thousandths: Integers) -> Column:
    """A column of type `numeric` with four decimals; whole parts of up to twelve digits."""
    column = np.empty(len(ten_thousandths), _NUMERIC)
    column["count"], column["weight"], column["scale"] = 4, 2, 4
    column["sign"] = np.where(ten_thousandths < 0, _NEGATIVE, 0)
    rest = np.abs(ten_thousandths)
    for digit in ("part", "d0", "d1", "d2"):  # PostgreSQL drops leading zeros by itself
        rest, column[digit] = np.divmod(rest, _BASE)
    return column


def padded(texts: Sequence[str]) -> Column:
    """A column of type `bpchar` in a UTF-8 database, from texts without trailing blanks."""
    if "".join(texts).isascii():
        column = np.array(texts, dtype="S")
    else:
        column = np.array([text.encode() for text in texts], dtype="S")
    octets = column.view(np.uint8)
    octets[octets == 0] = _BLANK
    return column


def encode(columns: Sequence[Column]) -> bytes:
    """Rows from columns of one length, without `HEADER` and `TRAILER`."""
    widths = [column.dtype.itemsize for column in columns]
    record = np.dtype([
        ("fields", ">i2"),
        *((f"{part}{index}", kind) for index, column in enumerate(columns)
          for part, kind in (("width", np.dtype(">i4")), ("value", column.dtype))),
    ])  # fmt: skip
    rows = np.empty(len(columns[0]), record)
    rows["fields"] = len(columns)
    for index, (column, width) in enumerate(zip(columns, widths, strict=True)):
        rows[f"width{index}"] = width
        rows[f"value{index}"] = column
    return rows.tobytes()
