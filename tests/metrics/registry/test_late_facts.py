"""A fact that comes late opens its day again, and those it reaches; afterwards all is as if it had come in time."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from campaigns.models import Order, ReferralUse
from communities.models import CodeAdd, GroupMembership, LinkClick, PostEntry, PostResult, PostTask
from members.models import Contact, Purchase
from members.services.partitions import new_partitions
from metrics.models import CampaignTally, CodeTally, DirtyDay, GroupTally, RolledDay, StaffTally, StoreTally
from metrics.services.rolling.days import roll_day, roll_days
from metrics.services.rolling.late import redo_late_days
from metrics.services.rolling.passes import roll_night, roll_today
from tests.factories import CustomerGroupFactory
from tests.metrics.world import DAY, NIGHT, World, ago, on, stay

pytestmark = pytest.mark.django_db
FIRST = DAY - timedelta(days=3)
TALLIES = (StoreTally, GroupTally, StaffTally, CampaignTally, CodeTally)


def kept():
    """Every row of every tally, whatever its number."""
    return {
        model.__name__: sorted(
            tuple(sorted((name, value) for name, value in row.items() if name != "id" and value))
            for row in model.objects.values()
        )
        for model in TALLIES
    }


@pytest.fixture
def world():
    made = World()
    roll_days(first=FIRST, last=DAY, at=NIGHT)
    DirtyDay.objects.all().delete()
    return made


def test_counting_a_day_again_changes_nothing(world):
    before = kept()

    roll_days(first=FIRST, last=DAY, at=NIGHT)

    assert kept() == before


def late_purchase(world):
    world.sold(world.m[5], ago(2), 4_200)


def late_return(world):
    world.sold(world.m[1], ago(1), -700)


def late_join(world):
    stay(world.group, ago(3, 8))


def late_quit(world):
    GroupMembership.objects.filter(group=world.group, member=world.m[3]).update(left_at=ago(2))


def late_evidence(world):
    PostTask.objects.filter(state="missed").update(
        state="sent", evidence=3, done_at=on(DAY, 16), miss_reason="not_sent", content=world.task.content_id,
        channel="assisted", released_at=on(DAY, 15),
    )  # fmt: skip


def late_result(world):
    PostResult.objects.filter(task=world.task).update(buyers=4)


def late_recognition(world):
    LinkClick.objects.filter(member=None).update(member=world.m[7])


def late_entry(world):
    PostEntry.objects.create(key="late", store=world.store, member=world.m[7], at=ago(1))


def late_withdrawal(world):
    PostEntry.objects.filter(key="e1").update(withdrawn_at=ago(0))


def late_order(world):
    first = Order.objects.get(request_key="a")
    Order.objects.create(
        campaign=world.campaign, store=world.store, member=world.m[6], request_key="late", settling="shop",
        goods_fen=100, reserved_at=ago(1), link=first.link,
    )  # fmt: skip


def late_pardon(world):
    ReferralUse.objects.filter(pk=world.void.pk).update(state="waiting", void_reason="")


def late_add(world):
    CodeAdd.objects.create(code=world.contact_code, event=2, customer=b"b" * 16, at=ago(1))


def late_contact(world):
    Contact.objects.create(member=world.m[6], staff=world.manager, added_at=ago(1))


@pytest.mark.parametrize(
    "happens",
    [
        late_purchase, late_return, late_join, late_quit, late_evidence, late_result, late_recognition, late_entry,
        late_withdrawal, late_order, late_pardon, late_add, late_contact,
    ],
)  # fmt: skip
def test_what_comes_late_is_counted_as_if_it_had_come_in_time(world, happens):
    before = kept()
    happens(world)

    redone = redo_late_days(at=NIGHT, seconds=60)

    incremental = kept()
    roll_days(first=FIRST, last=DAY, at=NIGHT)
    assert redone
    assert incremental != before
    assert incremental == kept()
    assert not DirtyDay.objects.exists()
    assert not StoreTally.objects.filter(store=world.other, joins__gt=0).exists()


def test_only_the_store_and_the_days_it_reaches_are_counted_again(world):
    late_purchase(world)
    assert redo_late_days(at=NIGHT, seconds=60) == {DAY: 1, DAY - timedelta(days=1): 1, DAY - timedelta(days=2): 1}

    late_result(world)
    assert redo_late_days(at=NIGHT, seconds=60) == {DAY: 1}


def test_what_there_is_no_time_for_stays_noted(world):
    late_purchase(world)

    assert redo_late_days(at=NIGHT, seconds=0) == {}

    assert sorted(DirtyDay.objects.values_list("day", "cause")) == [
        (DAY - timedelta(days=back), "rest") for back in (2, 1, 0)
    ]
    assert set(redo_late_days(at=NIGHT, seconds=60)) == {DAY, DAY - timedelta(days=1), DAY - timedelta(days=2)}


def test_lines_filled_into_a_new_month_are_noted_too():
    with new_partitions(months=[date(2019, 5, 1)]), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_purchase_new (store_id, line, bought_at, product_id, paid_fen, quantity, receipt, "
            "source, unit, payment) "
            "SELECT 7, n, '2019-05-03 23:30+08', 1, 100, 1, 'R', 'pos', '', '' FROM generate_series(1, 3) n"
        )

    assert list(DirtyDay.objects.values_list("store_id", "day", "cause")) == [(7, date(2019, 5, 3), "purchase")]


def test_facts_of_today_are_left_to_the_night(world):
    group = CustomerGroupFactory(store=world.store)
    DirtyDay.objects.all().delete()

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO communities_groupmembership (group_id, who, is_staff, joined_at, inviter, state) "
            "VALUES (%s, '\\x01', false, now(), '', ''), (%s, '\\x02', false, now() - interval '1 day', '', '')",
            [group.pk, group.pk],
        )

    assert DirtyDay.objects.count() == 1


def test_the_night_catches_up_what_it_missed_and_settles_what_may_still_change(world):
    RolledDay.objects.exclude(day=DAY - timedelta(days=2)).delete()

    assert roll_night(at=NIGHT) == [DAY - timedelta(days=1), DAY]
    assert roll_night(at=NIGHT) == [DAY - timedelta(days=1), DAY]  # settling: both may still change


def test_a_merge_reopens_the_days_anybody_still_looks_at(world):
    recent = world.sold(world.m[3], timezone.now() - timedelta(days=30), 600)
    DirtyDay.objects.all().delete()

    Purchase.objects.filter(member=world.m[3]).update(member=world.m[1])

    assert list(DirtyDay.objects.values_list("day", flat=True)) == [timezone.localdate(recent.bought_at)]


def test_today_is_counted_with_yesterdays_windows(world):
    tomorrow = DAY + timedelta(days=1)
    world.sold(world.m[6], on(tomorrow, 9), 600)

    roll_today(at=on(tomorrow, 10))

    row = StoreTally.objects.get(store=world.store, day=tomorrow)
    yesterday = StoreTally.objects.get(store=world.store, day=DAY)
    assert (row.paid_fen, row.orders, row.active_members) == (77_600, 2, 1)
    assert row.buyers_30d == yesterday.buyers_30d
    assert not RolledDay.objects.filter(day=tomorrow).exists()
    assert row.members_start == yesterday.members_end


def test_each_day_begins_where_the_last_one_ended(world):
    rows = list(GroupTally.objects.filter(group=world.group).order_by("day"))

    for one in rows:
        assert one.members_start + one.joins - one.quits - one.dissolved == one.members_end
    assert [one.members_start for one in rows[1:]] == [one.members_end for one in rows[:-1]]


def test_rollup_by_hand(world, capsys):
    StoreTally.objects.all().delete()

    call_command("rollup", str(FIRST), "--through", str(DAY))

    assert capsys.readouterr().out == "已汇总 4 天\n"
    assert StoreTally.objects.filter(store=world.store).count() == 4


def test_value_is_a_picture_of_its_night(world):
    roll_day(day=DAY, at=NIGHT + timedelta(days=40))

    assert StoreTally.objects.get(store=world.store, day=DAY).ltv_fen == 30_001
