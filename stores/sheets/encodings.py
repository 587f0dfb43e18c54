"""Which bytes these are: decided by content, never by the file's name, and without reading it all."""

import codecs
import gzip
import io
from pathlib import Path
from typing import BinaryIO, cast

from stores.sheets.errors import SheetError

SAMPLE = 1 << 20
_SMALLEST_GZIP = 18
_ZIP, _OLE, _GZIP, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters no text export contains (tab, line ends and NUL aside: NULs are dropped, as tills pad with them).
_BINARY = bytes(set(range(1, 32)) - {9, 10, 11, 12, 13, 26, 27, 28, 29, 30, 31})


def kind_of(path: Path, *, name: str) -> str:
    """`csv` or `xlsx`. :raises SheetError: the file is neither, said so that the person knows what to do"""
    try:
        with path.open("rb") as stream:
            start = stream.read(4096)
    except OSError as error:
        raise SheetError(_why_unopened(error), file=name) from error
    if not start:
        raise SheetError("文件是空的", file=name)
    if start.startswith(_ZIP):
        return "xlsx"
    if start.startswith(_OLE):
        raise SheetError(
            "这是老版本的 Excel 文件（.xls）或加了密码的文件，请用 Excel/WPS 打开后另存为 .xlsx 或 CSV", file=name
        )
    if start.startswith(_PDF):
        raise SheetError("这是 PDF，不是表格，请从收银系统导出 .xlsx 或 CSV", file=name)
    if (
        start.lstrip(b"\xef\xbb\xbf \t\r\n")[:200]
        .lower()
        .startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta"))
    ):
        raise SheetError("这是网页格式的表格，请用 Excel/WPS 打开后另存为 .xlsx 或 CSV", file=name)
    return "csv"


def _why_unopened(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "没有这个文件"
        case IsADirectoryError():
            return "这是文件夹，不是文件"
        case PermissionError():
            return "没有权限读这个文件"
    return f"文件打不开（错误号 {error.errno}）"


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked on the way when it is gzip."""
    with path.open("rb") as stream:
        packed = stream.read(2) == _GZIP
    return cast("BinaryIO", gzip.open(path, "rb")) if packed else path.open("rb")


def unpacked_size(path: Path) -> int:
    """How many bytes `open_bytes` will give; for gzip what its trailer says, which is only an estimate above 4 GB."""
    with path.open("rb") as stream:
        packed = stream.read(2) == _GZIP
        size = stream.seek(0, io.SEEK_END)
        if not packed or size < _SMALLEST_GZIP:
            return size
        stream.seek(-4, io.SEEK_END)
        return int.from_bytes(stream.read(4), "little")


def encoding_of(path: Path, *, name: str) -> str:
    """The text encoding: by its mark, else UTF-16 by its NULs, else UTF-8 or GB18030 by which of them fits.

    Only the first stretch that is not plain ASCII is weighed: whoever reads on does so strictly, so a file that
    breaks further down is an error there and never mojibake.

    :raises SheetError: the file is no text at all
    """
    try:
        with open_bytes(path) as stream:
            sample = stream.read(SAMPLE)
            for mark, encoding in _BOMS:
                if sample.startswith(mark):
                    return encoding
            wide = _utf16_without_mark(sample)
            if wide:
                return wide
            if sum(map(sample[:65536].count, (bytes([byte]) for byte in _BINARY))) > len(sample[:65536]) // 100:
                raise SheetError("这不是表格文件，请上传收银系统导出的 .xlsx 或 CSV", file=name)
            while sample and sample.isascii():
                sample = stream.read(SAMPLE)
    except (OSError, EOFError) as error:  # a gzip that is cut off or damaged
        raise SheetError("压缩文件损坏，解不开", file=name) from error
    if not sample:
        return "utf-8"
    # The sample may be cut inside a character: its last four bytes prove nothing.
    sample = sample[:-4] if len(sample) > SAMPLE // 2 else sample
    as_utf8, as_gb = (sample.decode(encoding, "replace") for encoding in ("utf-8", "gb18030"))
    faults_utf8, faults_gb = as_utf8.count("�"), as_gb.count("�")
    if min(faults_utf8, faults_gb) > len(sample) // 20:
        raise SheetError("看不出文件的编码，请另存为 UTF-8 编码的 CSV 或 .xlsx", file=name)
    # GB18030 finds a character in nearly any two bytes, UTF-8 hardly ever in three: a file that is mostly UTF-8 is
    # one, broken where another program appended to it.
    mostly_utf8 = sum("\u2e80" <= character <= "\uff5f" for character in as_utf8) > 2 * faults_utf8
    return "utf-8" if faults_utf8 <= faults_gb or mostly_utf8 else "gb18030"


def _utf16_without_mark(sample: bytes) -> str | None:
    """UTF-16 shows by NULs on one side only: half of every comma, digit and line end."""
    head = sample[:65536]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if even + odd < max(2, len(head) // 40) or min(even, odd) * 8 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"
