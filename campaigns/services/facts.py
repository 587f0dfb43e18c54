"""Sales and returns of campaigns as purchase facts, where members' value and taste are learnt from."""

from decimal import Decimal

from django.db.models import Sum

from campaigns.models import Order, OrderLine, Payment, Refund
from members.services.purchases import PurchaseLine, record_purchases

SOURCE = "campaign"
AFTER_SALE = "after_sale"
NEVER_SOLD = frozenset({"twice", "late", "killed", "ended", "no_place", "lapsed"})
# A refund's lines are numbered by its row, so that two refunds of one order never meet.
_LINES_A_REFUND = 1_000


def record_sale(*, order: Order, lines: list[OrderLine]) -> None:
    """Write what was handed over, once: one line of a receipt per line of the order. Freight is no product."""
    if order.fulfilled_at is None:
        raise ValueError(order)
    record_purchases(lines=[_line(order, number, line) for number, line in enumerate(lines, start=1)])


def record_money_back(*, order: Order, lines: list[OrderLine], refund: Refund) -> None:
    """Write money that went back after hand-over as negative lines, spread over the goods in their order.

    A line counts as returned goods where an after-sale gave all of its price back, else as money only (quantity
    zero). Money for which nothing was ever sold, a second or a late payment, is no fact.
    """
    if refund.cause in NEVER_SOLD:
        return
    before = Refund.objects.filter(payment__order=order, state=Refund.State.DONE).exclude(pk=refund.pk)
    skipped = before.exclude(cause__in=NEVER_SOLD).aggregate(sum=Sum("amount_fen"))["sum"] or 0
    left = refund.amount_fen
    facts = []
    for number, line in enumerate(lines, start=1):
        paid = line.price_fen * line.quantity
        passed = min(skipped, paid)  # what an earlier refund gave back of this line
        skipped -= passed
        share = min(left, paid - passed)
        if not share:
            continue
        left -= share
        whole = share == paid and refund.cause.startswith(AFTER_SALE)
        facts.append(
            PurchaseLine(
                source=SOURCE, store_id=order.store_id, receipt=order.token,
                line=refund.pk * _LINES_A_REFUND + number, bought_at=refund.done_at or refund.decided_at,
                product_id=line.stock.item.product_id, quantity=Decimal(-line.quantity if whole else 0),
                paid_fen=-share, member_id=order.member_id, payment=refund.payment.provider,
                campaign_id=order.campaign_id,
            )
        )  # fmt: skip
    record_purchases(lines=facts)


def _line(order: Order, number: int, line: OrderLine) -> PurchaseLine:
    return PurchaseLine(
        source=SOURCE, store_id=order.store_id, receipt=order.token, line=number,
        bought_at=order.fulfilled_at or order.reserved_at, product_id=line.stock.item.product_id,
        quantity=Decimal(line.quantity), paid_fen=line.price_fen * line.quantity, member_id=order.member_id,
        unit_price_fen=line.price_fen, payment=_payment(order), campaign_id=order.campaign_id,
    )  # fmt: skip


def _payment(order: Order) -> str:
    paid = Payment.objects.filter(order=order, state=Payment.State.PAID).order_by("-pk").first()
    return paid.provider if paid is not None else ""
