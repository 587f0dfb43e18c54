"""A welcome is the first word a member hears from us: the ledger of touches counts it like any other."""

from datetime import datetime

from communities import directory
from communities.models import WelcomeOutcome
from members.models import Identity
from members.services.wecom_contacts import external_hash
from tagging.models import Touch
from tagging.services.touching import record_touch

_HEARD = frozenset({WelcomeOutcome.Result.SENT, WelcomeOutcome.Result.PLAIN})


class StillUnderWay(Exception):
    """The welcome is not decided, or the newcomer not known yet: ask again later."""


def note_welcome(*, event: int, userid: str, external_userid: str, corp_id: str, at: datetime) -> bool:
    """Enter the welcome of a callback into the ledger, once; whether she heard one. :raises StillUnderWay:"""
    outcome = WelcomeOutcome.objects.filter(event=event).first()
    if outcome is None or outcome.result == WelcomeOutcome.Result.SENDING:
        raise StillUnderWay("欢迎语还没有结果")
    if outcome.result not in _HEARD:
        return False
    who = external_hash(external_userid=external_userid, corp_id=corp_id)
    member_id = Identity.objects.filter(value_hash=who).values_list("member", flat=True).first()
    if member_id is None:
        raise StillUnderWay("还不认识这位客户")
    record_touch(
        member_id=member_id, store_id=outcome.store_id, staff=directory.staff_of(userid),
        channel=Touch.Channel.WELCOME, key=f"welcome:{event}", at=outcome.decided_at or at,
    )  # fmt: skip
    return True
