"""Entry codes follow their colleague: newcomers are received by the one who takes over."""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import transaction

from communities.models import EntryCode, HandoverJob
from communities.services.making import contact_way_of
from stores.services.auditing import audit
from wecom.client.errors import WeComRefused
from wecom.gateway import WeCom

logger = structlog.get_logger(__name__)


def hand_over_codes(*, job: HandoverJob, gateway: WeCom, clock: Callable[[], datetime]) -> int:
    """Name the taker in every code that names the giver, at WeCom and then here. Safe to repeat.

    A code WeCom refuses is left to the hourly check, which says what is wrong with it. Returns how many changed.
    """
    count = 0
    named = EntryCode.objects.live().filter(kind=EntryCode.Kind.CONTACT, userids__contains=[job.giver_userid])
    for code in named.select_related("store").order_by("pk"):
        heirs = [job.taker.wecom_userid if userid == job.giver_userid else userid for userid in code.userids]
        code.userids = list(dict.fromkeys(heirs))
        try:
            gateway.codes.update_contact_way(config_id=code.config_id, way=contact_way_of(code))
        except WeComRefused as refusal:
            if not refusal.lasting:
                raise
            logger.warning("handover_code_refused", code=code.pk, errcode=refusal.code)
            continue
        with transaction.atomic():
            EntryCode.objects.filter(pk=code.pk).update(userids=code.userids)
            audit(
                actor=job.started_by, action="code.handed_over", at=clock(), target=str(code.pk), store=code.store,
                detail={"to": code.userids},
            )  # fmt: skip
        count += 1
    HandoverJob.objects.filter(pk=job.pk).update(codes_at=clock())
    return count
