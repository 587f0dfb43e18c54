"""How an import's state looks."""

from django import template

from stores.models import ImportJob

register = template.Library()

_TONES = {
    ImportJob.State.UPLOADED: "pill-warn",
    ImportJob.State.QUEUED: "pill-info",
    ImportJob.State.RUNNING: "pill-info",
    ImportJob.State.DONE: "pill-good",
    ImportJob.State.FAILED: "pill-bad",
}


@register.filter
def job_tone(job: ImportJob) -> str:
    """The colour of a job's state."""
    return _TONES[ImportJob.State(job.state)]


@register.filter
def file_size(size: int) -> str:
    """`820 KB`, `12.4 MB`."""
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{max(1, round(size / 1024))} KB"
