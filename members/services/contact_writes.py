"""What a colleague notes on a customer: written at WeCom first, then here, since no callback tells of our writes."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from members import identities
from members.models import Contact, Identity
from stores.models import Staff
from stores.services.auditing import audit
from wecom.client.errors import WeComRefused
from wecom.gateway import WeCom

_GONE = frozenset({40096, 84061})


class ContactGone(Exception):
    """The two are no contacts any more; the row says so now."""


def write_remark(*, contact: Contact, remark: str, by: Staff | None, at: datetime, gateway: WeCom) -> None:
    """Change how the colleague calls this customer, at most 20 characters.

    :raises ContentRefused: the text is too long
    :raises ContactGone:
    :raises WeComError: nothing was changed here
    """

    def write(external: str) -> None:
        gateway.customers.set_remark(userid=contact.staff.wecom_userid, external_userid=external, remark=remark)

    _write(contact, write, at=at, gateway=gateway)
    with transaction.atomic():
        Contact.objects.filter(pk=contact.pk).update(remark=remark, mirrored_at=at)
        _audit(contact, "contact.remark", by=by, at=at)
    contact.remark = remark


def mark_tags(
    *, contact: Contact, add: Sequence[str] = (), remove: Sequence[str] = (), by: Staff | None, at: datetime,
    gateway: WeCom,
) -> None:  # fmt: skip
    """Put corporate tags on this customer of this colleague and take others off, by their ids. Safe to repeat.

    Only what a person did (`by`) stands in the audit trail: the nightly mirror writes for everybody.

    :raises ContactGone:
    :raises WeComError: nothing was changed here
    """
    if not add and not remove:
        return

    def write(external: str) -> None:
        gateway.tags.mark(userid=contact.staff.wecom_userid, external_userid=external, add=add, remove=remove)

    _write(contact, write, at=at, gateway=gateway)
    with transaction.atomic():
        row = Contact.objects.select_for_update().get(pk=contact.pk)
        row.tags = sorted((set(row.tags) | set(add)) - set(remove))
        row.mirrored_at = at
        row.save(update_fields=["tags", "mirrored_at"])
        if by is not None:
            _audit(contact, "contact.tags", by=by, at=at, added=list(add), removed=list(remove))
    contact.tags = row.tags


def _write(contact: Contact, write: Callable[[str], None], *, at: datetime, gateway: WeCom) -> None:
    """Write under that id of the member by which WeCom knows her as this colleague's."""
    issuer = gateway.transport.application.corp_id
    ids = contact.member.identities.filter(kind=Identity.Kind.EXTERNAL_USERID, issuer=issuer).order_by("pk")
    for identity in ids:
        try:
            write(identities.decrypt(identity.value_encrypted))
        except WeComRefused as refused:
            if refused.code not in _GONE:
                raise
        else:
            return
    Contact.objects.filter(pk=contact.pk, ended_at=None).update(ended_at=at, mirrored_at=at)
    raise ContactGone


def _audit(contact: Contact, action: str, *, by: Staff | None, at: datetime, **detail: list[str]) -> None:
    audit(actor=by, action=action, at=at, target=f"contact:{contact.pk}", store=contact.staff.store, detail=detail)
