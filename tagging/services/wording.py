"""HQ's wording of the ladder."""

from datetime import datetime

from django.db import transaction

from stores.models import Staff
from tagging.ladder import LADDER, checked
from tagging.models import ScriptTemplate


@transaction.atomic
def word_rung(*, rung: int, text: str, by: Staff, at: datetime) -> None:
    """Change what a rung says from the next planning on; the first wording again takes HQ's back.

    :raises WordingRefused: it could not be filled for everybody on that rung
    """
    text = checked(text, rung=rung)
    current = ScriptTemplate.objects.select_for_update().filter(rung=rung, retired_at=None).first()
    holds = current.text if current else LADDER[rung - 1].text
    if text == holds:
        return
    ScriptTemplate.objects.filter(rung=rung, retired_at=None).update(retired_at=at)
    if text != LADDER[rung - 1].text:
        ScriptTemplate.objects.create(rung=rung, text=text, by=by, made_at=at)
