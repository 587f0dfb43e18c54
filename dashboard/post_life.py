"""What happened to one post, in the order it happened."""

from dataclasses import dataclass
from datetime import datetime

from communities.models import PostTask


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened; `at` is empty where the moment was not written down."""

    at: datetime | None
    text: str
    note: str = ""
    tone: str = ""


def life_of(post: PostTask) -> list[Step]:
    """The steps of a post from the plan to its proofs."""
    steps = [
        Step(post.release_at, "计划发布", f"{post.slot} · {post.version.material.name} 第 {post.version.number} 版")
    ]
    steps += [Step(None, finding["message"], "发布检查", "is-bad") for finding in post.findings]
    if post.released_at:
        steps.append(Step(post.released_at, f"已发布 · {post.get_channel_display()}", post.channel_reason))
    if post.broadcast is not None and post.broadcast.created_at:
        steps.append(Step(post.broadcast.created_at, "企业群发已创建", f"企微编号 {post.broadcast.msgid}"))
        if post.broadcast.reminders:
            steps.append(Step(None, f"企业微信已提醒 {post.broadcast.reminders} 次"))
    steps += [Step(one.at, "催办", one.by.name, "is-warn") for one in post.urges.select_related("by").order_by("at")]
    steps += [
        Step(one.at, one.get_level_display(), one.by.name if one.by else "", "is-good")
        for one in post.proofs.select_related("by").order_by("at")
    ]
    steps += _end(post)
    return sorted(steps, key=lambda step: (step.at is None, step.at or post.due_at))


def _end(post: PostTask) -> list[Step]:
    by = post.done_by.name if post.done_by else ""
    steps = []
    if post.state == PostTask.State.SKIPPED:
        reason = post.skip_note or post.get_skip_reason_display()
        steps.append(Step(post.done_at, f"跳过：{reason}", by))
    if post.miss_reason:
        steps.append(Step(post.closes_at, f"错过：{post.get_miss_reason_display()}", "", "is-bad"))
    if post.failure:
        steps.append(Step(post.done_at, "发送失败", post.failure, "is-bad"))
    return steps
