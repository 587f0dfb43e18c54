"""Our ledger beside the provider's bill of a day: every difference is a row until somebody settles it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Q

from campaigns.errors import OrderRefusal
from campaigns.models import BillDifference, LedgerEntry, Payment, Refund
from campaigns.payments.provider import BillLine, PaymentProvider
from members.services.partitions import BUSINESS_ZONE
from stores.models import Staff
from stores.services.auditing import audit

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a day's comparison found."""

    ours: int
    theirs: int
    differences: int


def reconcile_bill(*, provider: PaymentProvider, day: date, at: datetime) -> Reconciled:
    """Compare a business day and write down each number on which the two disagree; repeated, it adds nothing.

    A line of theirs is looked for among all our payments and refunds, whatever their day. A refund of ours may stand
    on the bill of the day it was asked for, so the bill before is read too where one is missing.
    """
    lines = {line.number: line for line in provider.bill(day)}
    ours = _ours(provider.key, day)
    found = [*_only_theirs(provider.key, lines, ours), *_wrong_amounts(lines, ours)]
    missing = {number: fen for number, fen in ours.items() if number not in lines}
    if any(fen < 0 for fen in missing.values()):
        earlier = {line.number for line in provider.bill(day - _DAY)}
        missing = {number: fen for number, fen in missing.items() if fen > 0 or number not in earlier}
    found += [(number, BillDifference.Kind.ONLY_OURS, fen, None) for number, fen in missing.items()]
    with transaction.atomic():
        for number, kind, mine, yours in sorted(found):
            BillDifference.objects.get_or_create(
                provider=provider.key, day=day, number=number,
                defaults={"kind": kind, "ours_fen": mine, "theirs_fen": yours, "found_at": at},
            )  # fmt: skip
    return Reconciled(len(ours), len(lines), len(found))


_Found = tuple[str, BillDifference.Kind, int | None, int | None]


def _ours(provider: str, day: date) -> dict[str, int]:
    start = datetime.combine(day, time.min, BUSINESS_ZONE)
    # What was paid back by hand never stands on a provider's bill; if it does, it went back twice.
    entries = LedgerEntry.objects.filter(payment__provider=provider, at__gte=start, at__lt=start + _DAY).exclude(
        refund__by_hand__confirmed_at__isnull=False
    )
    return {
        row.refund.key if row.refund is not None else row.payment.trade_no: row.amount_fen
        for row in entries.select_related("payment", "refund").order_by("pk")
    }


def _only_theirs(provider: str, lines: dict[str, BillLine], ours: dict[str, int]) -> list[_Found]:
    strange = {number: line for number, line in lines.items() if number not in ours}
    known = dict(
        Payment.objects.filter(provider=provider, state=Payment.State.PAID, trade_no__in=strange).values_list(
            "trade_no", "amount_fen"
        )
    )
    refunds = Refund.objects.filter(payment__provider=provider, key__in=strange).exclude(
        Q(state=Refund.State.PENDING) | Q(by_hand__confirmed_at__isnull=False)
    )
    known |= {key: -fen for key, fen in refunds.values_list("key", "amount_fen")}
    return [
        (number, BillDifference.Kind.ONLY_THEIRS, None, line.amount_fen)
        if number not in known
        else (number, BillDifference.Kind.AMOUNT, known[number], line.amount_fen)
        for number, line in strange.items()
        if known.get(number) != line.amount_fen
    ]


def _wrong_amounts(lines: dict[str, BillLine], ours: dict[str, int]) -> list[_Found]:
    return [
        (number, BillDifference.Kind.AMOUNT, fen, lines[number].amount_fen)
        for number, fen in ours.items()
        if number in lines and lines[number].amount_fen != fen
    ]


def settle_difference(*, difference: BillDifference, by: Staff, note: str, at: datetime) -> None:
    """Somebody has found out and says what it was; audited. :raises OrderRefusal: without a word"""
    note = note.strip()
    if not note:
        raise OrderRefusal("请写明查到的原因")
    settled = BillDifference.objects.filter(pk=difference.pk, settled_at=None).update(
        settled_at=at, settled_by=by, note=note[:200]
    )
    if settled:
        audit(
            actor=by, action="campaign.difference_settled", target=f"difference:{difference.pk}", at=at,
            detail={"note": note},
        )  # fmt: skip
