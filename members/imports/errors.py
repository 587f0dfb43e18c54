"""Why a row of a sales file is left out."""

from stores.sheets.errors import CellError


class RowRejected(Exception):
    """One row cannot be taken: `reason` is what the report counts, `detail` what stands beside the row."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail or reason

    @classmethod
    def of_cell(cls, label: str, error: CellError) -> "RowRejected":
        """A cell's own complaint; what it quotes of the cell is detail, so that the report's reasons stay few."""
        text = str(error)
        return cls(f"{label}：{text.partition('：')[0]}", f"{label}：{text}")
