from datetime import timedelta

import pytest

from campaigns.models import LedgerEntry
from campaigns.payments import sandbox
from campaigns.payments.registry import provider_named
from campaigns.services.notices import take_notice
from campaigns.services.paying import start_payment
from tests.campaigns.test_claiming import claim
from tests.factories import CampaignFactory

pytestmark = pytest.mark.django_db


def paid(order, *, at=None):
    """The member pays in the sandbox, and its notice arrives."""
    at = at or order.reserved_at + timedelta(minutes=1)
    started = start_payment(order=order, provider=provider_named("sandbox"), at=at)
    raw, headers = sandbox.pay(trade_no=started.payment.trade_no, at=at)
    return take_notice(provider=provider_named("sandbox"), raw=raw, headers=headers, at=at)


def test_a_payment_confirms_its_order_and_gives_it_four_digits():
    order = claim(CampaignFactory())

    notice = paid(order)

    order.refresh_from_db()
    assert (notice.outcome, order.state, order.paid_fen, len(order.pickup_code)) == ("confirmed", "confirmed", 1_990, 4)
    assert list(LedgerEntry.objects.values_list("kind", "amount_fen")) == [("paid", 1_990)]
