"""What people do about refunds that are stuck: try again, or pay back by hand, which a second person confirms."""

from datetime import datetime

from django.db import transaction

from campaigns.errors import OrderRefusal
from campaigns.models import HandRefund, Refund
from campaigns.services.refund_outbox import book_refund
from stores.models import Staff
from stores.services.auditing import audit


@transaction.atomic
def retry_stuck(*, refund: Refund, by: Staff, at: datetime) -> Refund:
    """Let it be tried again, under the same key, so that it never goes out twice. Audited.

    :raises OrderRefusal: not stuck, or somebody says it was paid back by hand
    """
    locked = _stuck(refund)
    if HandRefund.objects.filter(refund=locked).exists():
        raise OrderRefusal("已登记线下退款，等复核；要重试请先撤回登记")
    locked.state, locked.tries, locked.next_try_at, locked.error = Refund.State.PENDING, 0, at, ""
    locked.save(update_fields=["state", "tries", "next_try_at", "error"])
    _note("campaign.refund_retried", locked, by, at)
    return locked


@transaction.atomic
def say_paid_by_hand(*, refund: Refund, by: Staff, way: str, at: datetime) -> HandRefund:
    """Note that it was paid back outside of the provider, and how; nothing is booked before somebody else confirms.

    :raises OrderRefusal: not stuck, noted already, or without saying how
    """
    locked, way = _stuck(refund), way.strip()
    if not way:
        raise OrderRefusal("请写明怎么退的，以及转账单号或收据编号")
    if HandRefund.objects.filter(refund=locked).exists():
        raise OrderRefusal("已经有人登记过了，请另一位同事复核")
    said = HandRefund.objects.create(refund=locked, way=way[:200], said_by=by, said_at=at)
    _note("campaign.refund_by_hand_said", locked, by, at, way=said.way)
    return said


@transaction.atomic
def take_back(*, refund: Refund, by: Staff, at: datetime) -> None:
    """It was not paid by hand after all: it may be tried again. :raises OrderRefusal: there is nothing to take back"""
    locked = _stuck(refund)
    deleted, _ = HandRefund.objects.filter(refund=locked, confirmed_at=None).delete()
    if not deleted:
        raise OrderRefusal("没有可以撤回的登记")
    _note("campaign.refund_by_hand_taken_back", locked, by, at)


@transaction.atomic
def confirm_paid_by_hand(*, refund: Refund, by: Staff, at: datetime) -> Refund:
    """The second look: book it as given back. Audited with both names.

    :raises OrderRefusal: nothing is noted, it is one's own note, or the provider was faster
    """
    locked = _stuck(refund)
    said = HandRefund.objects.filter(refund=locked, confirmed_at=None).select_related("said_by").first()
    if said is None:
        raise OrderRefusal("还没有人登记线下退款")
    if said.said_by_id == by.pk:
        raise OrderRefusal("要由另一位同事复核，不能自己复核自己登记的")
    said.confirmed_by, said.confirmed_at = by, at
    said.save(update_fields=["confirmed_by", "confirmed_at"])
    _note("campaign.refund_by_hand_confirmed", locked, by, at, way=said.way, said_by=said.said_by_id)
    return book_refund(refund=locked, provider_no="", done_at=at)


def _stuck(refund: Refund) -> Refund:
    """The row, locked after its order as everywhere. :raises OrderRefusal: it is not stuck any more"""
    order = refund.payment.order
    type(order).objects.select_for_update(of=("self",)).get(pk=order.pk)
    locked = Refund.objects.select_for_update(of=("self",)).select_related("payment__order").get(pk=refund.pk)
    if locked.state != Refund.State.STUCK:
        raise OrderRefusal(f"这笔退款{locked.get_state_display()}，不用处理了")
    return locked


def _note(action: str, refund: Refund, by: Staff, at: datetime, **detail: str | int) -> None:
    audit(
        actor=by, action=action, target=f"refund:{refund.key}", store=refund.payment.order.store, at=at,
        detail={"amount_fen": refund.amount_fen, **detail},
    )  # fmt: skip
