"""Order entry codes, one or for all stores, and give them up. WeCom is asked later, by `services.making`."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from communities import tasks
from communities.models import CodeBatch, EntryCode
from communities.models.codes import new_token
from stores.models import Staff, Store
from stores.services.auditing import audit
from wecom.client.errors import WeComRefused
from wecom.gateway import WeCom

_ROWS = 1_000


class CodeExists(Exception):
    """The store has this code already."""


class CodeBusy(Exception):
    """The code is being made right now, or changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a code is for and what it promises."""

    scene: str
    kind: str
    bait: str
    script: str = ""
    label: str = ""

    def row(self, *, store: Store, by: Staff, at: datetime, batch: CodeBatch | None = None) -> EntryCode:
        return EntryCode(
            store=store, scene=self.scene, kind=self.kind, bait=self.bait, script=self.script, label=self.label,
            created_by=by, created_at=at, batch=batch,
        )  # fmt: skip


def order_code(*, store: Store, wish: Wish, by: Staff, at: datetime) -> EntryCode:
    """Store a code to be made and have it made. :raises CodeExists:"""
    code = wish.row(store=store, by=by, at=at)
    try:
        with transaction.atomic():
            code.save(force_insert=True)
            audit(actor=by, action="code.order", at=at, target=str(code.pk), store=store)
            tasks.make_code.delay_on_commit(code_id=code.pk)
    except IntegrityError:
        raise CodeExists from None
    return code


@transaction.atomic
def order_batch(*, stores: QuerySet[Store], wish: Wish, by: Staff, at: datetime) -> CodeBatch:
    """Store one code per store that has none yet and have them made; asking twice makes nothing twice."""
    batch = CodeBatch.objects.create(scene=wish.scene, kind=wish.kind, bait=wish.bait, ordered_by=by, ordered_at=at)
    rows = [wish.row(store=store, by=by, at=at, batch=batch) for store in stores.order_by("pk")]
    EntryCode.objects.bulk_create(rows, ignore_conflicts=True, batch_size=_ROWS)
    CodeBatch.objects.filter(pk=batch.pk).update(skipped=len(rows) - EntryCode.objects.filter(batch=batch).count())
    audit(actor=by, action="code.batch", at=at, target=str(batch.pk), detail={"stores": len(rows)})
    tasks.bulk_start_batch.delay_on_commit(batch_id=batch.pk)
    return batch


def order_again(*, code: EntryCode, by: Staff, at: datetime) -> None:
    """Have a code made after all that failed or whose answer was lost.

    It gets a new token: a lost one that did come to be at WeCom was never shown to anybody, and leads nowhere.

    :raises CodeBusy: it is neither failed nor lost any more.
    """
    stuck = EntryCode.objects.filter(pk=code.pk, status__in=[EntryCode.Status.FAILED, EntryCode.Status.LOST])
    with transaction.atomic():
        fresh = {"status": EntryCode.Status.CREATING, "token": new_token(), "tried_at": None, "leased_until": None}
        if not stuck.update(**fresh, error="", userids=[], chat_ids=[]):
            raise CodeBusy
        audit(actor=by, action="code.order_again", at=at, target=str(code.pk), store=code.store)
        tasks.make_code.delay_on_commit(code_id=code.pk)


def retire_code(*, code: EntryCode, by: Staff, at: datetime, gateway: WeCom) -> None:
    """Take a code out of use, here first and then at WeCom; what is printed then says so.

    :raises CodeBusy: it is being made.
    """
    kept = EntryCode.objects.kept().filter(pk=code.pk).exclude(status=EntryCode.Status.CREATING)
    with transaction.atomic():
        if not kept.update(status=EntryCode.Status.RETIRED):
            raise CodeBusy
        code.alerts.filter(cleared_at=None).update(cleared_at=at)
        audit(actor=by, action="code.retire", at=at, target=str(code.pk), store=code.store)
    if not code.config_id:
        return
    delete = gateway.codes.delete_join_way if code.is_group else gateway.codes.delete_contact_way
    try:
        delete(config_id=code.config_id)
    except WeComRefused as refusal:
        if not refusal.lasting:
            raise
