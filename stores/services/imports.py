"""The life of an import job: uploaded → queued → running → done or failed, and never half of any of them."""

from django.core.cache import cache

_PROGRESS_KEPT = 24 * 3600


def report_progress(job_id: int, rows_read: int) -> None:
    """Say how far a running import is; visible at once, although the import itself is one open transaction."""
    cache.set(_progress_key(job_id), rows_read, _PROGRESS_KEPT)


def progress_of(job_id: int) -> int:
    """Rows read so far by a running import."""
    return int(cache.get(_progress_key(job_id), 0))


def _progress_key(job_id: int) -> str:
    return f"import-progress:{job_id}"
