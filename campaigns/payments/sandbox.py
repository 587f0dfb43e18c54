"""A payment provider to run at home: it keeps books of its own and signs its notices, and no money moves."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Payment, Refund, SandboxRefund, SandboxTrade
from campaigns.payments import provider
from members.services.partitions import BUSINESS_ZONE

_FRESH = timedelta(minutes=5)


class SandboxProvider:
    """Behaves as a provider does: idempotent by our numbers, refuses to return more than it got, signs what it says."""

    key = "sandbox"
    label = "沙箱支付"

    def prepare(self, payment: Payment, *, description: str, openid: str, expires_at: datetime) -> provider.Prepared:
        trade, _ = SandboxTrade.objects.get_or_create(
            trade_no=payment.trade_no,
            defaults={
                "provider_no": f"SB{secrets.token_hex(12)}", "amount_fen": payment.amount_fen,
                "description": description[:128], "made_at": payment.made_at,
            },
        )  # fmt: skip
        if trade.state != SandboxTrade.State.OPEN:
            raise provider.ProviderRefused("这笔支付已经结束")
        return provider.Prepared(address=reverse("pay:sandbox", args=[trade.trade_no]))

    def read_notice(self, raw: bytes, headers: Mapping[str, str], *, at: datetime) -> provider.Notice:
        stamp, signature = headers.get("Sandbox-Timestamp", ""), headers.get("Sandbox-Signature", "")
        if not hmac.compare_digest(_signature(stamp, raw).encode(), signature.encode()):
            raise provider.BadNotice("签名不对")
        if abs(at.timestamp() - int(stamp)) > _FRESH.total_seconds():
            raise provider.BadNotice("通知已过期")
        body: dict[str, Any] = json.loads(raw)
        return provider.Notice(
            notice_id=body["id"], kind=provider.NoticeKind.PAID, number=body["trade_no"],
            provider_no=body["provider_no"], amount_fen=body["amount_fen"],
            at=datetime.fromisoformat(body["paid_at"]), body=body,
        )  # fmt: skip

    def look_up(self, payment: Payment) -> provider.Found | None:
        trade = SandboxTrade.objects.filter(trade_no=payment.trade_no, state=SandboxTrade.State.PAID).first()
        if trade is None or trade.paid_at is None:
            return None
        return provider.Found(trade.provider_no, trade.amount_fen, trade.paid_at)

    def close(self, payment: Payment) -> None:
        trade = SandboxTrade.objects.filter(trade_no=payment.trade_no)
        trade.filter(state=SandboxTrade.State.OPEN).update(state=SandboxTrade.State.CLOSED)
        if trade.filter(state=SandboxTrade.State.PAID).exists():
            raise provider.ProviderRefused("这笔支付已经付款")

    @transaction.atomic
    def refund(self, refund: Refund) -> provider.RefundAnswer:
        trade = SandboxTrade.objects.select_for_update().filter(trade_no=refund.payment.trade_no).first()
        if trade is None or trade.state != SandboxTrade.State.PAID:
            raise provider.ProviderRefused("没有收到这笔款")
        made = SandboxRefund.objects.filter(key=refund.key).first()
        if made is None:
            returned = trade.refunds.aggregate(sum=Sum("amount_fen"))["sum"] or 0
            if returned + refund.amount_fen > trade.amount_fen:
                raise provider.ProviderRefused("退款超过已付金额")
            made = SandboxRefund.objects.create(
                trade=trade, key=refund.key, provider_no=f"SR{secrets.token_hex(12)}", amount_fen=refund.amount_fen,
                made_at=timezone.now(),
            )  # fmt: skip
        return provider.RefundAnswer(provider_no=made.provider_no, done_at=made.made_at)

    def bill(self, day: date) -> list[provider.BillLine]:
        start = datetime.combine(day, datetime.min.time(), BUSINESS_ZONE)
        span = (start, start + timedelta(days=1) - timedelta(microseconds=1))
        paid = SandboxTrade.objects.filter(state=SandboxTrade.State.PAID, paid_at__range=span).order_by("pk")
        back = SandboxRefund.objects.filter(made_at__range=span).order_by("pk")
        return [provider.BillLine(one.trade_no, one.amount_fen, one.provider_no) for one in paid] + [
            provider.BillLine(one.key, -one.amount_fen, one.provider_no) for one in back
        ]


def pay(*, trade_no: str, at: datetime) -> tuple[bytes, dict[str, str]]:
    """The pretend member pays; what the provider would now send. One closed takes money no more.

    :raises provider.ProviderRefused: there is no such trade to pay
    """
    trade = SandboxTrade.objects.filter(trade_no=trade_no).first()
    if trade is None or trade.state == SandboxTrade.State.CLOSED:
        raise provider.ProviderRefused("这笔支付不存在或已关闭")
    SandboxTrade.objects.filter(pk=trade.pk, state=SandboxTrade.State.OPEN).update(
        state=SandboxTrade.State.PAID, paid_at=at
    )
    return notice_of(trade_no=trade_no, at=at)


def notice_of(*, trade_no: str, at: datetime) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the notice about a paid trade, as signed at a moment: always the same id."""
    trade = SandboxTrade.objects.get(trade_no=trade_no, state=SandboxTrade.State.PAID)
    raw = json.dumps({
        "id": f"EV-{trade.provider_no}", "trade_no": trade.trade_no, "provider_no": trade.provider_no,
        "amount_fen": trade.amount_fen, "paid_at": trade.paid_at.isoformat() if trade.paid_at else "",
    }).encode()  # fmt: skip
    stamp = str(int(at.timestamp()))
    return raw, {"Sandbox-Timestamp": stamp, "Sandbox-Signature": _signature(stamp, raw)}


def _signature(stamp: str, raw: bytes) -> str:
    key = hashlib.sha256(f"sandbox payments|{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, stamp.encode() + b"\n" + raw, "sha256").hexdigest()
