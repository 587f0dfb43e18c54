"""Publishing the draft: from then on it is what the stores are asked to post."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from communities.models import PlanVersion
from communities.selectors.plan_cells import cell_facts, fingerprint
from communities.services.planning.drafts import locked_draft
from communities.services.planning.effects import remake_posts
from communities.services.planning.errors import PlanChanged, PlanRefused
from stores.models import Staff
from stores.services.auditing import audit


@transaction.atomic
def publish(*, draft: PlanVersion, valid_from: date, note: str, seen: str, by: Staff, at: datetime) -> PlanVersion:
    """Make the draft count from a business day on; `seen` is the fingerprint of the cells as they were looked at.

    Posts already made for days from `valid_from` on are made anew, but for those already released.

    :raises DraftGone: somebody published or discarded it
    :raises PlanChanged: somebody changed it since it was looked at
    :raises PlanRefused: not HQ, an empty plan, a day gone by
    """
    if not by.is_hq:
        raise PlanRefused("只有总部可以发布计划")
    # The lock makes two who publish one: the second finds no draft. Who edits has committed before, or comes after.
    plan = locked_draft(draft.pk)
    cells = cell_facts(plan.cells.all())
    if fingerprint(cells) != seen:
        raise PlanChanged("你核对之后，草稿又有人改过：下面是最新的影响，请再核对一次")
    if not any(cell.saying.material_ids for cell in cells):
        raise PlanRefused("计划里还没有任何内容，不能发布")
    if valid_from < timezone.localdate(at):
        raise PlanRefused("生效日期不能早于今天")
    plan.published_at, plan.published_by, plan.valid_from, plan.note = at, by, valid_from, note
    plan.save(update_fields=["published_at", "published_by", "valid_from", "note"])
    days = remake_posts(first=valid_from, at=at)
    audit(
        actor=by, action="plan.published", at=at, target=f"plan:{plan.number}",
        detail={"valid_from": valid_from.isoformat(), "remade": [day.isoformat() for day in days]},
    )  # fmt: skip
    return plan
