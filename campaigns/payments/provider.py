"""What a payment provider must be able to do. Providers know nothing of orders; they speak of sums and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, Protocol

from campaigns.models import Payment, Refund


class ProviderUnavailable(Exception):
    """No answer, or one that says: later. What was asked may or may not have happened; asking again is safe."""


class ProviderRefused(Exception):
    """A final no; the message is the provider's. Somebody must look."""


class BadNotice(Exception):
    """Unsigned, forged, replayed or unreadable; the message says which."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the member's page needs to pay: an address to go to, or the parameters of WeChat's JSAPI."""

    address: str = ""
    jsapi: Mapping[str, str] = field(default_factory=dict)


class NoticeKind(Enum):
    PAID = "paid"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"  # the provider could not give it back: a person must look
    OTHER = "other"  # told, and nothing to do about it


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified notice. `number` is ours: the payment's trade_no, or the refund's key."""

    notice_id: str
    kind: NoticeKind
    number: str
    provider_no: str
    amount_fen: int
    at: datetime
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A payment the provider has received."""

    provider_no: str
    amount_fen: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """Whether the money is back already (`done_at`), or the provider is still at it (None)."""

    provider_no: str
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class BillLine:
    """One movement on the provider's bill: positive what came in, negative what went back."""

    number: str
    amount_fen: int
    provider_no: str = ""


class PaymentProvider(Protocol):
    """One way to be paid. Amounts in fen; all calls may raise `ProviderUnavailable` or `ProviderRefused`."""

    key: str
    label: str

    def prepare(self, payment: Payment, *, description: str, openid: str, expires_at: datetime) -> Prepared:
        """Open the payment there; the same `trade_no` twice is one payment."""

    def read_notice(self, raw: bytes, headers: Mapping[str, str], *, at: datetime) -> Notice:
        """Verify and read. :raises BadNotice:"""

    def look_up(self, payment: Payment) -> Found | None:
        """The truth about a payment, or None while nothing was received."""

    def close(self, payment: Payment) -> None:
        """Take no more money for it; one that was closed or never opened stays so."""

    def refund(self, refund: Refund) -> RefundAnswer:
        """Give money back; the same `refund.key` twice gives it back once and answers how far it is."""

    def bill(self, day: date) -> list[BillLine]:
        """Everything that moved on a business day (Asia/Shanghai)."""
