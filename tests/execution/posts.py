"""Posts in any state, as the release leaves them behind."""

from datetime import datetime, timedelta

from communities.models import PostContent, PostTask, Slot
from members.services.partitions import BUSINESS_ZONE
from tests.factories import CustomerGroupFactory, MaterialFactory

S, Channel, Evidence = PostTask.State, PostTask.Channel, PostTask.Evidence
DAY = datetime(2026, 3, 10, tzinfo=BUSINESS_ZONE).date()  # a Tuesday


def moment(hour, minute=0, *, day=DAY):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BUSINESS_ZONE)


def post(
    *, store=None, group=None, slot=1, state=S.RELEASED, day=DAY, material=None, text="", attachments=(), **fields
):
    """One post; `material` is shared by the posts of one slot, as the plan would have it."""
    group = group or CustomerGroupFactory(**({"store": store} if store else {}))
    hour = Slot.objects.get(pk=slot)
    due = moment(hour.at.hour, hour.at.minute, day=day)
    version = (material or MaterialFactory()).current
    facts = {
        "group": group, "store": group.store, "day": day, "slot": hour, "version": version, "state": state,
        "due_at": due, "release_at": due - timedelta(minutes=10), "closes_at": due + timedelta(minutes=60),
        "owner_userid": "wangfang",
    }  # fmt: skip
    if state in {S.RELEASED, S.SENT, S.FAILED}:
        content, _ = PostContent.objects.get_or_create(
            store=group.store, version=version, day=day, slot=hour,
            defaults={"text": text or version.text, "attachments": list(attachments)},
        )  # fmt: skip
        facts |= {"content": content, "released_at": facts["release_at"], "channel": Channel.ASSISTED}
    if state == S.SENT:
        facts |= {"evidence": Evidence.SELF_DECLARED, "done_at": due + timedelta(minutes=3)}
    if state == S.MISSED:
        facts["miss_reason"] = PostTask.MissReason.NOT_SENT
    if state == S.SKIPPED:
        facts |= {"skip_reason": PostTask.SkipReason.OUT_OF_STOCK, "done_at": due}
    if state == S.FAILED:
        facts["failure"] = "群已达到接收上限"
    return PostTask.objects.create(**facts | fields)
