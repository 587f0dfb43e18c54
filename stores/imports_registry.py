"""Which app imports which kind of file; each registers its handler in `AppConfig.ready()`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from stores.models import ImportJob
from stores.sheets.columns import Field


@dataclass(frozen=True, slots=True)
class Option:
    """A switch the person who confirms an import may set; `job.options[key]` holds it as a bool."""

    key: str
    label: str
    help: str = ""
    default: bool = False
    hq_only: bool = False


class ImportFailed(Exception):
    """A file was read and cannot be applied; the text is the reason, in Chinese."""


class Handler(Protocol):
    """One kind of import.

    `run` is called inside one transaction, which the caller commits together with the job's state: whatever it
    raises, nothing of the file stays. It reads `job.path` (named `job.filename` in messages) by `job.mapping`
    (field key → column index; empty means match by names), `job.options` (its own options, and `sheet`) and
    `job.store` (the only store that may be written, or None for all). It reports progress with
    `stores.services.imports.report_progress`, may set `job.rejected_file` (an xlsx written beside the upload) and
    returns the report, which the caller stores.

    :raises SheetError, ImportFailed: the job fails with that reason
    """

    @property
    def fields(self) -> Sequence[Field]:
        """What the file may tell."""
        ...

    @property
    def options(self) -> Sequence[Option]:
        """The switches on the mapping page."""
        ...

    @property
    def report_labels(self) -> Mapping[str, str]:
        """How the report's keys are called in Chinese, in the order to show them."""
        ...

    def run(self, job: ImportJob, *, at: datetime) -> dict[str, Any]:
        """Apply the job's file as of `at` and return its report."""
        ...


_handlers: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    """Name the handler of a kind (`ImportJob.Kind`); the last one named holds."""
    _handlers[kind] = handler


def handler_for(kind: str) -> Handler:
    """The handler of a kind. :raises KeyError: no app has registered one"""
    return _handlers[kind]


def kinds() -> list[str]:
    """The kinds that can be imported, in the order of `ImportJob.Kind`."""
    return [kind for kind in ImportJob.Kind.values if kind in _handlers]
