"""Paid at the counter: the till is the provider, and whoever hands over the goods is its word."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from campaigns.models import LedgerEntry, Payment, Refund
from campaigns.payments.provider import BadNotice, BillLine, Found, Notice, Prepared, ProviderRefused, RefundAnswer
from members.services.partitions import BUSINESS_ZONE


class ShopProvider:
    """Money changes hands at the till, so a refund is done when a colleague says so."""

    key = "shop"
    label = "到店付款"

    def prepare(self, payment: Payment, *, description: str, openid: str, expires_at: datetime) -> Prepared:
        """Nobody can pay at the counter from a phone."""
        raise ProviderRefused("这一单到店付款")

    def read_notice(self, raw: bytes, headers: Mapping[str, str], *, at: datetime) -> Notice:
        """A till sends none."""
        raise BadNotice("到店付款没有通知")

    def look_up(self, payment: Payment) -> Found | None:
        """Nothing is received but at the counter."""
        return None

    def close(self, payment: Payment) -> None:
        """Nothing was opened anywhere."""

    def refund(self, refund: Refund) -> RefundAnswer:
        """The colleague who decided it has given the money back at the counter."""
        return RefundAnswer(provider_no=refund.key, done_at=timezone.now())

    def bill(self, day: date) -> list[BillLine]:
        """The till's own bill is the ledger: there is nobody else to compare with."""
        start = datetime.combine(day, time.min, BUSINESS_ZONE)
        rows = LedgerEntry.objects.filter(
            payment__provider=self.key, at__gte=start, at__lt=start + timedelta(days=1)
        ).select_related("payment", "refund")
        return [BillLine(row.refund.key if row.refund else row.payment.trade_no, row.amount_fen) for row in rows]
