"""Notices of providers: verified, kept once, acted upon once; what is not understood yet is tried again."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from campaigns.errors import WrongAmount
from campaigns.models import Payment, PaymentNotice
from campaigns.payments.provider import BadNotice, Notice, NoticeKind, PaymentProvider
from campaigns.services import refund_outbox
from campaigns.services.paying import settle_paid
from campaigns.services.refusals import note_refusal

_PATIENCE = timedelta(hours=1)  # for the row a notice is about; ours is written first, so it is somebody else's by then


def take_notice(*, provider: PaymentProvider, raw: bytes, headers: Mapping[str, str], at: datetime) -> PaymentNotice:
    """Verify a notice, keep it, act on it. Told twice it acts once; the kept row says what came of it.

    A notice about a number nobody knows is kept unhandled and tried again by the sweep.

    :raises BadNotice: unsigned, forged, replayed or unreadable; audited, nothing moved
    """
    try:
        notice = provider.read_notice(raw, headers, at=at)
    except BadNotice as bad:
        note_refusal(
            action="campaign.notice_refused", target=f"provider:{provider.key}", at=at,
            detail={"reason": str(bad), "sha256": hashlib.sha256(raw).hexdigest()},
        )  # fmt: skip
        raise
    kept, _ = PaymentNotice.objects.get_or_create(
        provider=provider.key, notice_id=notice.notice_id,
        defaults={
            "trade_no": notice.number, "received_at": at,
            "body": {
                "kind": notice.kind.value, "provider_no": notice.provider_no, "amount_fen": notice.amount_fen,
                "at": notice.at.isoformat(), "said": notice.body,
            },
        },
    )  # fmt: skip
    return handle_notice(kept=kept, at=at)


def handle_notice(*, kept: PaymentNotice, at: datetime) -> PaymentNotice:
    """Act on a kept notice unless that was done; safe to repeat and to race."""
    try:
        with transaction.atomic():
            locked = PaymentNotice.objects.select_for_update().get(pk=kept.pk)
            if locked.handled_at is not None:
                return locked
            outcome = _act(locked, at)
            if outcome is None:
                return locked
            return _handled(locked, outcome, at)
    except WrongAmount as wrong:
        note_refusal(
            action="campaign.notice_wrong_amount", target=f"payment:{kept.trade_no}", at=at,
            detail={"provider": kept.provider, "reason": str(wrong)},
        )  # fmt: skip
        return _handled(kept, f"金额不符：{wrong}", at)


def _handled(notice: PaymentNotice, outcome: str, at: datetime) -> PaymentNotice:
    notice.outcome, notice.handled_at = outcome[:100], at
    notice.save(update_fields=["outcome", "handled_at"])
    return notice


def _act(kept: PaymentNotice, at: datetime) -> str | None:
    """What came of it, or None while it is not understood yet."""
    notice = _read(kept)
    if notice.kind is NoticeKind.OTHER:
        return "无需处理"
    if notice.kind is NoticeKind.REFUNDED:
        told = refund_outbox.take_word(
            provider=kept.provider, key=notice.number, provider_no=notice.provider_no, amount_fen=notice.amount_fen,
            done_at=notice.at,
        )  # fmt: skip
        return "已退款" if told else _unknown(kept, at)
    if notice.kind is NoticeKind.REFUND_FAILED:
        told = refund_outbox.take_no(
            provider=kept.provider, key=notice.number, reason="渠道退款失败，请到商户平台查看原因", at=at
        )
        return "退款失败" if told else _unknown(kept, at)
    payment = Payment.objects.filter(provider=kept.provider, trade_no=notice.number).first()
    if payment is None:
        return _unknown(kept, at)
    outcome = settle_paid(
        payment=payment, provider_no=notice.provider_no, amount_fen=notice.amount_fen, paid_at=notice.at, at=at
    )
    return outcome.value


def _unknown(kept: PaymentNotice, at: datetime) -> str | None:
    if at - kept.received_at < _PATIENCE:
        return None
    note_refusal(
        action="campaign.notice_unknown", target=f"payment:{kept.trade_no}", at=at, detail={"provider": kept.provider}
    )
    return "没有这笔支付"


def _read(kept: PaymentNotice) -> Notice:
    body = kept.body
    return Notice(
        notice_id=kept.notice_id, kind=NoticeKind(body["kind"]), number=kept.trade_no,
        provider_no=body["provider_no"], amount_fen=body["amount_fen"], at=datetime.fromisoformat(body["at"]),
    )  # fmt: skip
