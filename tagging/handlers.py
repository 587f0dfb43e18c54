"""WeCom's events about tags: what people did in the client or the console is taken in, then both sides agree again."""

from datetime import datetime

from members import handlers as members
from members.models import Identity
from members.services.wecom_contacts import external_hash
from tagging.models import MirroredGroup, MirroredTag
from tagging.services.mirroring import groups, marks
from wecom.events import Event
from wecom.gateway import wecom


def contact_changed(event: Event, *, at: datetime) -> None:
    """edit_external_contact, add_external_contact: tags may have been put on or off by hand, or a colleague is new."""
    external_userid = event.text("ExternalUserID")
    if not external_userid or not MirroredTag.objects.exclude(wecom_id="").exists():
        return
    members.customer_changed(event, at=at)  # the order of two handlers is not promised: read it here if it was not
    gateway = wecom()
    who = external_hash(external_userid=external_userid, corp_id=gateway.transport.application.corp_id)
    member_id = Identity.objects.filter(value_hash=who).values_list("member", flat=True).first()
    if member_id is not None:
        marks.settle_member(member_id=member_id, gateway=gateway)


def tag_changed(event: Event, *, at: datetime) -> None:  # noqa: ARG001 -- every handler is handed it
    """change_external_tag: what became of tags of ours in the console; others' are none of our business."""
    number = event.text("Id")
    is_ours = MirroredTag.objects.filter(wecom_id=number) if number else MirroredTag.objects.none()
    if number and (is_ours.exists() or MirroredGroup.objects.filter(wecom_id=number).exists()):
        groups.settle_groups(gateway=wecom())
