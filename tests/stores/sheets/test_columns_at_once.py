"""A chunk of plain rows is cut into columns at once; that must give what the csv reader gives."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stores.sheets import csv_rows
from stores.sheets.reading import open_sheet

HEADER = ["门店编码", "小票号", "备注"]
CELL = st.text(st.sampled_from('ab1 计="\r\n,，'), max_size=4)
PLAIN = st.text(st.sampled_from("ab1 计，"), min_size=1, max_size=4)
LINE_END = st.sampled_from(["\n", "\r\n", "\r"])


def _read(path):
    with open_sheet(path) as sheet:
        rows, numbers, broken = [], [], []
        for batch in sheet.batches(size=7):
            rows += [list(row) for row in zip(*batch.columns, strict=True)]
            numbers += batch.row_numbers
            broken += batch.broken
        return rows, numbers, broken, sheet.skipped


@pytest.mark.parametrize("cells", [PLAIN, CELL])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), end=LINE_END)
def test_rows_read_by_column_are_the_rows_read_singly(tmp_path, monkeypatch, *, cells, data, end):
    uneven, last = data.draw(st.booleans()), data.draw(st.booleans())
    width = st.integers(1, 4) if uneven else st.just(3)
    rows = data.draw(st.lists(width.flatmap(lambda n: st.lists(cells, min_size=n, max_size=n)), max_size=60))
    rows = [[cell.replace("=", "") for cell in row] for row in rows]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows([HEADER, *([["S1", "1", "x"]] * 140), *rows])
    written = text.getvalue()
    path = tmp_path / "rows.csv"
    path.write_bytes((written if last else written.removesuffix(end)).encode())
    with monkeypatch.context() as patch:
        patch.setattr(csv_rows, "_CHUNK", 64)  # so that there are many chunks
        by_column = _read(path)
        patch.setattr(csv_rows.CsvRows, "take_columns", lambda *_: None)
        singly = _read(path)

    assert by_column == singly


def test_a_plain_file_is_read_by_column(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_rows, "_CHUNK", 4096)
    path = tmp_path / "rows.csv"
    path.write_text("\n".join([",".join(HEADER), *["S1,2,x"] * 5000]))
    taken = []
    really = csv_rows.CsvRows.take_columns

    def counted(self, width):
        columns = really(self, width)
        taken.append(len(columns[0]) if columns else 0)
        return columns

    monkeypatch.setattr(csv_rows.CsvRows, "take_columns", counted)

    rows, *_ = _read(path)

    assert len(rows) == 5000
    assert sum(taken) > 4000
