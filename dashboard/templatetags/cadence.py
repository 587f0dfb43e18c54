"""How the boards write what became of a post."""

from django import template
from django.utils.safestring import SafeString

from communities.models import PostTask
from communities.selectors.measures import Tally

register = template.Library()

_TONES = {
    PostTask.Evidence.API_VERIFIED: "pill-good", PostTask.Evidence.CLIENT_CALLBACK: "pill-info",
    PostTask.Evidence.SELF_DECLARED: "",
}  # fmt: skip
_STATE_TONES = {
    PostTask.State.SENT: "pill-good", PostTask.State.RELEASED: "pill-warn", PostTask.State.BLOCKED: "pill-bad",
    PostTask.State.FAILED: "pill-bad", PostTask.State.MISSED: "pill-bad",
}  # fmt: skip
_SHARES = ((95, "heat-5"), (85, "heat-4"), (70, "heat-3"), (50, "heat-2"))


@register.filter
def evidence_tone(level: int) -> str:
    """The pill of a kind of proof: each has its own, so that none passes for another."""
    return _TONES.get(PostTask.Evidence(level), "") if level else ""


@register.filter
def state_tone(state: str) -> str:
    return _STATE_TONES.get(PostTask.State(state), "")


@register.filter
def may_take_back(task: PostTask) -> bool:
    """Whether only the store's own word stands against it."""
    is_own_word = task.state == PostTask.State.SENT and task.evidence == PostTask.Evidence.SELF_DECLARED
    return is_own_word or task.state == PostTask.State.SKIPPED


@register.filter
def heat(percent: int | None) -> str:
    """The colour class of a share on time; the number always stands in the cell as well."""
    if percent is None:
        return "heat-0"
    return next((css for least, css in _SHARES if percent >= least), "heat-1")


@register.filter
def month_cell(cell: Tally | None) -> SafeString:
    """A store's day in a month's table, which has some 800 of them: as template code they are most of the page's time.

    Nothing in it is text of anybody's: numbers and words of our own.
    """
    if cell is None:
        return SafeString('<td class="heat heat-none"><span class="num">—</span></td>')
    percent = cell.percent
    title = f"准时 {cell['on_time']} / 应有 {cell.expected}，错过 {cell.missed}，跳过 {cell.skipped}"
    number = "·" if percent is None else percent
    return SafeString(f'<td class="heat {heat(percent)}"><span class="num" title="{title}">{number}</span></td>')
