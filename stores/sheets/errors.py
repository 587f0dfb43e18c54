"""What can be wrong with a file and with a cell, said to shop staff."""


class SheetError(Exception):
    """A file that cannot be imported at all; the text names file, row and column as far as they are known."""

    def __init__(self, reason: str, *, file: str = "", row: int | None = None, column: str = "") -> None:
        self.reason = reason
        self.file = file
        self.row = row
        self.column = column
        place = f"「{file}」" if file else ""
        if row is not None:
            place += f"第 {row} 行"
        if column:
            place += f"「{column}」列"
        super().__init__(f"{place}：{reason}" if place else reason)


class CellError(ValueError):
    """A cell that does not say what it should; the text is the reason shown beside the rejected row."""
