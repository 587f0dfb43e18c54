"""The welcome templates of groups: made by API, picked by each owner in the group (wecom.md §3.7).

WeCom has no list of them, so ours is the only one: a row is there before WeCom is asked, and stays as 结果不明 where
the answer was lost.
"""

from datetime import datetime

from django.db import transaction

from communities.models import GroupWelcome
from stores.models import Staff
from stores.services.auditing import audit
from wecom.client.content import ContentRefused
from wecom.client.errors import OutcomeUnknown, WeComError, WeComRefused
from wecom.client.welcome import GroupTemplate
from wecom.gateway import WeCom

MOST = 100  # per company
NICKNAME = "%NICKNAME%"  # WeCom puts the newcomer's name there
Status = GroupWelcome.Status


class TooMany(Exception):
    """The company has as many templates as WeCom keeps."""


def add_template(*, text: str, by: Staff, at: datetime, gateway: WeCom) -> GroupWelcome:
    """Make a group welcome and have WeCom tell the owners that they may pick it.

    :raises TooMany:
    :raises ContentRefused: the text is empty or longer than 3,000 bytes
    :raises OutcomeUnknown: the answer was lost; the row says so
    :raises WeComError: it was not made
    """
    template = GroupTemplate(text=text)
    template.payload()
    if GroupWelcome.objects.count() >= MOST:
        raise TooMany
    row = GroupWelcome.objects.create(text=text, changed_by=by, changed_at=at)
    try:
        template_id = gateway.welcome.add_group_template(template)
    except OutcomeUnknown:
        GroupWelcome.objects.filter(pk=row.pk).update(status=Status.LOST)
        raise
    except (ContentRefused, WeComError):
        row.delete()
        raise
    with transaction.atomic():
        row.template_id, row.status = template_id, Status.LIVE
        row.save(update_fields=["template_id", "status"])
        audit(actor=by, action="group_welcome.add", at=at, target=template_id, detail={"text": text})
    return row


def edit_template(*, row: GroupWelcome, text: str, by: Staff, at: datetime, gateway: WeCom) -> None:
    """Change the words everywhere the template was picked.

    :raises ContentRefused:
    :raises WeComError: nothing was changed here
    """
    gateway.welcome.edit_group_template(template_id=row.template_id, template=GroupTemplate(text=text))
    with transaction.atomic():
        GroupWelcome.objects.filter(pk=row.pk).update(text=text, changed_by=by, changed_at=at)
        audit(actor=by, action="group_welcome.edit", at=at, target=row.template_id, detail={"text": text})


def delete_template(*, row: GroupWelcome, by: Staff, at: datetime, gateway: WeCom) -> None:
    """Take it away at WeCom and here; a lost one only here. Groups that picked it welcome nobody any more.

    :raises WeComError: it is still there
    """
    if row.template_id:
        try:
            gateway.welcome.delete_group_template(template_id=row.template_id)
        except WeComRefused as refusal:
            if refusal.code != _UNKNOWN_TEMPLATE:
                raise
    with transaction.atomic():
        target = row.template_id or f"lost:{row.pk}"
        row.delete()
        audit(actor=by, action="group_welcome.delete", at=at, target=target)


_UNKNOWN_TEMPLATE = 40058
