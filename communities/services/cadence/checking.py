"""Hold back what must not be posted, with the findings that say why, and let it go once it is mended."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from communities.models import LintRule, PostTask
from communities.services.content.lint import Draft, check

_BATCH = 4_000
_NOTE = """
    UPDATE communities_posttask AS t SET state = w.state, findings = w.findings
    FROM unnest(%s::bigint[], %s::text[], %s::jsonb[]) AS w (id, state, findings)
    WHERE t.id = w.id AND t.state IN ('planned', 'blocked') AND (t.state, t.findings) IS DISTINCT FROM (w.state, w.findings)
    RETURNING t.state
"""  # noqa: E501 -- one condition


class Checked(NamedTuple):
    """How many posts were newly held back, let go, or got other remarks."""

    blocked: int = 0
    planned: int = 0


def unreleased(*, at: datetime) -> QuerySet[PostTask]:
    """The posts a check may still change."""
    return PostTask.objects.filter(state__in=[PostTask.State.PLANNED, PostTask.State.BLOCKED], closes_at__gt=at)


def check_posts(posts: QuerySet[PostTask], *, at: datetime) -> Checked:
    """Check posts not yet released: blocked where a finding blocks, planned again where none does any more."""
    rows = list(
        posts.order_by("pk").values_list("pk", "group_id", "store_id", "version_id", "day", "slot_id", "due_at")
    )
    blocked = planned = 0
    for start in range(0, len(rows), _BATCH):
        states = _note(rows[start : start + _BATCH], at=at)
        blocked += states.count(PostTask.State.BLOCKED)
        planned += states.count(PostTask.State.PLANNED)
    return Checked(blocked, planned)


def _note(rows: Sequence[tuple[Any, ...]], *, at: datetime) -> list[str]:
    found = check([Draft(*row) for row in rows], at=at)
    ids, states, findings = [], [], []
    for pk, *_ in rows:
        mine = found.get(pk, [])
        held = any(one.severity == LintRule.Severity.BLOCK for one in mine)
        ids.append(pk)
        states.append(str(PostTask.State.BLOCKED if held else PostTask.State.PLANNED))
        findings.append(
            json.dumps([{"check": one.check, "severity": one.severity, "message": one.message} for one in mine])
        )
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [ids, states, findings])
        return [state for (state,) in cursor.fetchall()]
