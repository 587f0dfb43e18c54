# ruff: noqa: DTZ001 -- a spreadsheet knows no time zones
import codecs
import csv
import gzip
import io
import resource
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from stores.sheets.columns import Field
from stores.sheets.errors import SheetError
from stores.sheets.reading import open_sheet

FIELDS = (
    Field("store", "门店编码", ("门店编码",), required=True),
    Field("receipt", "小票号", ("小票号",), required=True),
    Field("name", "商品名称", ("商品名称",)),
    Field("paid", "实付金额", ("实付金额",)),
)
HEADER = "门店编码,小票号,商品名称,实付金额"
ROWS = [["S1", "R1", "苹果", "12.50"], ["S1", "R2", "香蕉", "3.00"]]
TEXT = HEADER + "\n" + "\n".join(",".join(row) for row in ROWS) + "\n"


def write(path: Path, content: bytes | str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def rows_of(path: Path, **kwargs) -> list[list[str]]:
    with open_sheet(path, fields=FIELDS, **kwargs) as sheet:
        return [list(row) for batch in sheet.batches() for row in zip(*batch.columns, strict=True)]


def workbook(path: Path, rows: list[list[object]], *, title: str = "Sheet1", before: tuple[str, ...] = ()) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name in before:
        book.create_sheet(name).append(["说明", "请勿修改"])
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"), (codecs.BOM_UTF8 + TEXT.encode(), "utf-8-sig"), (TEXT.encode("gbk"), "gb18030"),
        (TEXT.encode("utf-16"), "utf-16"), (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"), (TEXT.encode("utf-16-be"), "utf-16-be"),
    ],
)  # fmt: skip
def test_the_encoding_is_seen_in_the_content(tmp_path, content, encoding):
    path = write(tmp_path / "a.csv", content)

    with open_sheet(path, fields=FIELDS) as sheet:
        assert sheet.encoding == encoding
    assert rows_of(path) == ROWS


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end_gives_the_same_rows(tmp_path, delimiter, newline):
    text = TEXT.replace(",", delimiter).replace("\n", newline)

    assert rows_of(write(tmp_path / "a.txt", text)) == ROWS


def test_a_file_that_is_ascii_for_a_megabyte_and_then_gbk_is_read_as_gbk(tmp_path):
    filler = "store,receipt,name,paid\n" + "S1,R1,apple,1.00\n" * 70_000

    rows = rows_of(write(tmp_path / "a.csv", (filler + "S1,R2,苹果,2.00\n").encode("gbk")))

    assert rows[-1] == ["S1", "R2", "苹果", "2.00"]


def test_a_file_that_is_utf8_and_breaks_later_is_an_error_at_its_row_and_never_mojibake(tmp_path):
    path = write(
        tmp_path / "坏.csv", TEXT.encode() + "S1,R3,梨,1.00\n".encode() * 90_000 + "S1,R4,苹果,1\n".encode("gbk")
    )

    with pytest.raises(SheetError, match=r"「坏.csv」第 90004 行：文字编码在这里坏了"):
        rows_of(path)


def test_titles_blanks_repeated_headers_and_totals_are_set_aside_and_counted(tmp_path):
    text = (
        f"科技园店 9月明细,,,\n\n{HEADER}\nS1,R1,苹果,12.50\nS1,小计,,12.50\n,,,\n   ,  , ,\n"
        f"{HEADER}\nS1,R2,香蕉,3.00\n"
        "本日合计：,,,15.50\n制表人：王芳,,,\n"
    )

    with open_sheet(write(tmp_path / "a.csv", text), fields=FIELDS) as sheet:
        batches = list(sheet.batches())

        assert [list(row) for b in batches for row in zip(*b.columns, strict=True)] == ROWS
        assert [n for b in batches for n in b.row_numbers] == [4, 9]
        assert sheet.header_row == 3
        assert sheet.skipped == {"title": 2, "blank": 3, "header": 1, "total": 2}


@pytest.mark.parametrize(
    "total",
    [
        "小 计,,,9", "合　计,,,9", "【合计】,,,9", "共计 3 笔,,,9", "合计(元),,,9", "本页小计：,,,9", "S1,合计,,9",
        "S1,R1,小计,", "S1,R1 小计,,9", "上海浦东新区世纪大道旗舰店小计,,,9", "-,-,合计,9", "合计,/,/,9",
        "总计金额,,,9",
    ],
)  # fmt: skip
def test_a_total_is_set_aside_however_it_is_written_and_wherever_its_label_stands(tmp_path, total):
    assert rows_of(write(tmp_path / "a.csv", TEXT + total + "\n")) == ROWS


def test_a_sale_with_a_remark_that_reads_like_a_total_stays(tmp_path):
    header = HEADER + ",备注"
    rows = ["S1,R1,苹果,9,", "S1,R2,梨,8,积分累计", "S1,R3,小计,7,", "S1,合计,,24,"]

    kept = rows_of(write(tmp_path / "a.csv", "\n".join([header, *rows]) + "\n"))

    assert [row[1] for row in kept] == ["R1", "R2", "R3"]


def test_a_product_whose_name_holds_the_sign_of_a_total_stays(tmp_path):
    rows = rows_of(write(tmp_path / "a.csv", HEADER + "\nS1,R1,计量果盘合计装,9\n"))

    assert rows == [["S1", "R1", "计量果盘合计装", "9"]]


def test_rows_with_too_many_cells_are_passed_on_as_broken_and_short_ones_are_filled(tmp_path):
    text = TEXT + "S1,R3,梨,1.00,多,余\nS1,R4\nS1,R5,桃,2.00,,\n"

    with open_sheet(write(tmp_path / "a.csv", text), fields=FIELDS) as sheet:
        (batch,) = sheet.batches()

    assert batch.broken == [(4, ["S1", "R3", "梨", "1.00", "多", "余"], "比表头多出 2 格")]
    assert [c[-2:] for c in batch.columns] == [["S1", "S1"], ["R4", "R5"], ["", "桃"], ["", "2.00"]]


def test_quoted_line_ends_nul_bytes_padding_and_text_marks_are_tolerated(tmp_path):
    text = HEADER + '\n S1 ,"R1\t","苹果\n大","1,234.50"\nS1,="00123",香\0蕉,3.00\n\x1a'

    rows = rows_of(write(tmp_path / "a.csv", text))

    assert rows == [["S1", "R1", "苹果\n大", "1,234.50"], ["S1", "00123", "香蕉", "3.00"]]


def test_the_separator_line_of_excel_is_obeyed(tmp_path):
    assert rows_of(write(tmp_path / "a.csv", "sep=;\n" + TEXT.replace(",", ";"))) == ROWS


def test_a_gzipped_file_is_read_and_a_cut_off_one_is_refused(tmp_path):
    packed = gzip.compress(TEXT.encode() * 5000)

    assert rows_of(write(tmp_path / "a.csv.gz", packed))[:2] == ROWS
    with pytest.raises(SheetError, match=r"没有传完整|损坏"):
        rows_of(write(tmp_path / "b.csv.gz", packed[: len(packed) // 2]))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("空.csv", b"", "「空.csv」：文件是空的"),
        ("老.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "另存为 .xlsx"),
        ("票.csv", b"%PDF-1.7", "PDF"),
        ("页.xls", b"<html><table><tr><td>1</td></tr></table>", "网页"),
        ("图.csv", bytes(range(256)) * 20, "不是表格|编码"),
        ("包.xlsx", b"PK\x03\x04 and nothing else", "损坏"),
        ("头.csv", HEADER.encode() + b"\n", "第 1 行：表头下面没有数据行"),
        ("计.csv", (HEADER + "\n合计,,,0\n").encode(), "表头下面没有数据行"),
        ("公.csv", (TEXT + "S1,R3,=cmd(),1\n").encode(), "「公.csv」第 4 行「商品名称」列：这一格是公式（=cmd\\(\\)）"),
        ("引.csv", (TEXT + 'S1,R3,"苹果,1\n' + "S1,R4,梨,1.00\n" * 20_000).encode(), "第 4 行：这一行的引号没有成对"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_in_words(tmp_path, name, content, said):
    with pytest.raises(SheetError, match=said):
        rows_of(write(tmp_path / name, content))


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(SheetError, match=r"「没有.csv」：没有这个文件"):
        open_sheet(tmp_path / "没有.csv")
    with pytest.raises(SheetError, match="这是文件夹，不是文件"):
        open_sheet(tmp_path)


def test_a_sheet_asked_of_a_text_file_is_refused(tmp_path):
    with pytest.raises(SheetError, match=r"「a.csv」：这是文本表格，没有工作表「9月」"):
        rows_of(write(tmp_path / "a.csv", TEXT), sheet="9月")


def test_a_workbook_damaged_inside_is_refused_in_words(tmp_path):
    path = workbook(tmp_path / "坏.xlsx", [HEADER.split(","), *([f"S{i}", f"R{i}", "苹果", i] for i in range(3_000))])
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("xl/worksheets/sheet1.xml").header_offset + 400
    content = bytearray(path.read_bytes())
    content[start : start + 2_000] = bytes(2_000)
    path.write_bytes(content)

    with pytest.raises(SheetError, match="损坏"):
        rows_of(path)


def test_a_gzip_that_unpacks_to_something_monstrous_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "弹.csv.gz"
    with gzip.open(path, "wb") as stream:
        stream.write(TEXT.encode())
        stream.writelines((b" " * 4095 + b"\n") * 256 for _ in range(80))

    with pytest.raises(SheetError, match="解压后大得不正常"):
        rows_of(path)


def test_the_row_where_another_program_wrote_into_a_utf8_file_is_named(tmp_path):
    content = TEXT.encode() + "S1,R3,火龙果,1\n".encode("gbk")

    with pytest.raises(SheetError, match=r"第 4 行：文字编码在这里坏了（文件是 UTF-8"):
        rows_of(write(tmp_path / "a.csv", content))


def test_a_short_row_that_swallowed_the_rows_below_it_says_so(tmp_path):
    with open_sheet(write(tmp_path / "a.csv", TEXT + 'S1,"R3,梨,1\nS1,R4,桃,2\n'), fields=FIELDS) as sheet:
        (batch,) = sheet.batches()

    assert [(number, reason) for number, _, reason in batch.broken] == [(4, "引号没有成对，后面的行被并进了这一行")]


def test_a_workbook_gives_canonical_text(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx",
        [["科技园店明细"], [], ["门店编码", "小票号", "商品名称", "实付金额"],
         ["S1", 12345.0, datetime(2026, 1, 5, 9, 3, 0, 999_000), 12.299999999999999], ["00123", 7, True, "#VALUE!"],
         ["合计", None, None, 12.3]],
    )  # fmt: skip

    assert rows_of(path) == [
        ["S1", "12345", "2026-01-05 09:03:01", "12.3"],
        ["00123", "7", "TRUE", "#VALUE!"],
    ]


def test_the_sheet_with_a_known_header_is_taken_and_a_wrong_name_lists_the_sheets(tmp_path):
    path = workbook(tmp_path / "本.xlsx", [HEADER.split(","), *ROWS], title="9月", before=("封面", "说明"))

    assert rows_of(path) == ROWS
    assert rows_of(path, sheet="9月") == ROWS
    with pytest.raises(SheetError, match=r"「本.xlsx」：没有工作表「10月」，文件里有：「封面」、「说明」、「9月」"):
        rows_of(path, sheet="10月")


def test_a_formula_without_a_stored_result_is_an_error_and_not_an_empty_cell(tmp_path):
    path = workbook(tmp_path / "公.xlsx", [HEADER.split(","), ["S1", "R1", "苹果", "=cmd()"]])

    with pytest.raises(SheetError, match=r"「公.xlsx」第 2 行「实付金额」列：这一格是公式"):
        rows_of(path)


def test_a_claimed_dimension_does_not_hide_cells(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [HEADER.split(","), *ROWS])
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b'ref="A1:D3"', b'ref="A1"')
    with zipfile.ZipFile(path, "w") as target:
        for name, data in parts.items():
            target.writestr(name, data)

    assert rows_of(path) == ROWS


def bomb(path: Path, part: str, data: bytes, times: int) -> Path:
    workbook(path, [HEADER.split(","), *ROWS])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open(part, "w", force_zip64=True) as out:
        for _ in range(times):
            out.write(data)
    return path


def test_a_zip_bomb_is_refused_before_it_is_opened(tmp_path):
    path = bomb(tmp_path / "弹.xlsx", "xl/media/bomb.bin", bytes(2**20), 64)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(SheetError, match=r"「弹.xlsx」：这个 Excel 文件解压后大得不正常"):
        rows_of(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_an_entity_bomb_inside_a_sheet_is_refused(tmp_path):
    path = workbook(tmp_path / "体.xlsx", [HEADER.split(","), *ROWS])
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    laughs = b'<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = laughs + sheet[sheet.index(b"<worksheet") :]
    with zipfile.ZipFile(path, "w") as target:
        for name, data in parts.items():
            target.writestr(name, data)

    with pytest.raises(SheetError, match=r"「体.xlsx」"):
        rows_of(path)


def test_a_zip_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "包.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("销售.csv", TEXT)

    with pytest.raises(SheetError, match=r"压缩包"):
        rows_of(path)


def test_a_long_file_is_read_in_batches_with_every_row_once(tmp_path):
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(HEADER.split(","))
    writer.writerows([["S1", f"R{i}", "苹果", str(i)] for i in range(10_000)])
    path = write(tmp_path / "a.csv", buffer.getvalue())

    with open_sheet(path, fields=FIELDS) as sheet:
        assert len(sheet.preview(10)) == 10
        assert abs(sheet.expected_rows - 10_000) < 1500
        batches = list(sheet.batches(size=1000))

    assert [n for b in batches for n in b.row_numbers] == list(range(2, 10_002))
    assert [c for b in batches for c in b.columns[1]] == [f"R{i}" for i in range(10_000)]
    assert max(map(len, batches)) < 1300
