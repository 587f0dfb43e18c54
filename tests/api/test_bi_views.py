"""The views for BI: read with no right to anything else, and nothing in them tells who somebody is."""

import pytest
from django.db import DatabaseError, connection, transaction

from tests.api.world import PHONE, TALLIED, furnish

VIEWS = ("stores", "store_day", "groups", "posts", "orders")
PERSONAL = {"member", "phone", "name", "recipient", "note", "token", "pickup_code", "owner_userid", "userid", "staff"}


@pytest.fixture
def bi():
    """A cursor with the rights the recipe in docs/operations.md gives."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE bi_reader NOLOGIN")
        cursor.execute("GRANT USAGE ON SCHEMA bi TO bi_reader")
        cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA bi TO bi_reader")
        cursor.execute("SET LOCAL ROLE bi_reader")
        yield cursor
        cursor.execute("RESET ROLE")


@pytest.fixture
def shop(db):
    return furnish("A1", number=1)


def test_the_reader_reads_each_view_and_no_table(shop, bi):
    told = {}
    for view in VIEWS:
        bi.execute(f"SELECT * FROM bi.{view}")  # noqa: S608 -- names from this file
        names = [column.name for column in bi.description]
        told[view] = [dict(zip(names, row, strict=True)) for row in bi.fetchall()]

    assert {view: len(rows) for view, rows in told.items()} == dict.fromkeys(VIEWS, 1)
    assert (told["store_day"][0]["day"], told["orders"][0]["store_code"]) == (TALLIED, "A1")
    post = told["posts"][0]
    assert (post["verified_by_wecom"], post["told_by_client"], post["declared_by_staff"]) == (True, False, True)
    for secret in (shop.member.name, PHONE.format(1), "门铃坏了", shop.order.token):
        assert secret not in str(told)
    assert not any(name in PERSONAL for rows in told.values() for name in rows[0])
    for forbidden in ("SELECT 1 FROM members_member", "DELETE FROM bi.stores", "UPDATE bi.groups SET kind = 'cold'"):
        with pytest.raises(DatabaseError, match=r"permission denied|cannot delete|cannot update"), transaction.atomic():
            bi.execute(forbidden)
