"""Entry codes at a WeCom that refuses what WeCom would refuse."""

from datetime import timedelta

import pytest
from django.utils import timezone

from communities.models import CodeAlert, CustomerGroup
from communities.services import making, monitoring, ordering
from tests.factories import ManagerFactory, StaffFactory
from wecom.gateway import wecom


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["contact", "group"])
def test_a_code_deleted_at_the_sandbox_is_noticed_and_made_anew(mirror, kind):
    store, gateway, at = mirror.stores[0], wecom(), timezone.now()
    ManagerFactory(store=store, wecom_userid="manager0001")
    CustomerGroup.objects.create(chat_id=mirror.company.groups()[0], store=store)
    wish = ordering.Wish(scene="checkout", kind=kind, bait="进群领 10 元券")
    code = ordering.order_code(store=store, wish=wish, by=StaffFactory(), at=at)
    making.make_code(code_id=code.pk, at=at, gateway=gateway)
    code.refresh_from_db()
    assert (code.status, code.error) == ("live", "")
    assert monitoring.check_store(store=store, at=at, gateway=gateway) == []
    deleted = code.config_id
    delete = gateway.codes.delete_join_way if kind == "group" else gateway.codes.delete_contact_way
    delete(config_id=deleted)

    [alert] = monitoring.check_store(store=store, at=at, gateway=gateway)
    making.make_code(code_id=code.pk, at=at + timedelta(minutes=1), gateway=gateway)
    code.refresh_from_db()

    assert alert.cause == CodeAlert.Cause.CONFIG_MISSING
    assert code.status == "live"
    assert code.config_id != deleted
