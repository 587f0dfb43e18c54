"""Purchases as a kind of upload: what the import pages and their worker call."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files import File

from members.imports.fields import FIELDS, OPTIONS, Switches
from members.imports.report import LABELS
from members.imports.services import SalesFile, import_purchases
from stores.import_selectors import writable_stores
from stores.imports_registry import Option
from stores.models import ImportJob
from stores.services.imports import report_progress
from stores.sheets.columns import Field


class PurchaseImport:
    """The handler of `ImportJob.Kind.PURCHASES`. Warnings go to `job.options["warnings"]`."""

    fields: Sequence[Field] = FIELDS
    options: Sequence[Option] = OPTIONS
    report_labels: Mapping[str, str] = LABELS

    def run(self, job: ImportJob, *, at: datetime) -> dict[str, Any]:
        """Apply the job's file inside the caller's transaction and return its report."""
        file = SalesFile(
            path=Path(job.path), name=job.filename, mapping=job.mapping, sheet=job.options.get("sheet") or None,
            switches=Switches.of(job.options), default_store=job.store, only_stores=_only_stores(job),
        )  # fmt: skip
        with TemporaryDirectory() as folder:
            left_out_to = Path(folder) / "left-out.xlsx"
            outcome = import_purchases(
                file=file, at=at, job=job, left_out_to=left_out_to,
                on_progress=lambda rows, _: report_progress(job.pk, rows),
            )  # fmt: skip
            if outcome.left_out:
                with left_out_to.open("rb") as stream:
                    job.rejected_file.save(f"{uuid.uuid4().hex}.xlsx", File(stream), save=False)
        job.options = job.options | {"warnings": outcome.warnings}
        return outcome.report.as_json()


def _only_stores(job: ImportJob) -> frozenset[int] | None:
    """The stores whose rows the job may write; None for headquarters and the command line, which may open new ones."""
    if job.store_id is None and (job.uploaded_by is None or job.uploaded_by.is_hq):
        return None
    return frozenset(writable_stores(job).values_list("pk", flat=True))
