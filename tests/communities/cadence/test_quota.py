"""The quota: counted from what WeCom reports, never planned beyond the rule less its reserve."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from communities.models import Broadcast, QuotaRule, QuotaUse
from communities.services.cadence.choosing import A_DAY, WISHED_A_DAY, Budget, Wanted, choose
from communities.services.cadence.evidence import Report, apply_report
from communities.services.cadence.ledger import budgets, hold, window_of
from communities.services.cadence.quota_reading import read_quota
from tests.communities.cadence.days import DAY, moment
from tests.factories import CustomerGroupFactory

RULES = list(QuotaRule.Rule.values)
posts = st.lists(
    st.builds(
        Wanted, st.integers(1, 999), st.integers(1, 8), st.booleans(),
        st.sampled_from(["auto", "group_send", "assisted"]),
    ),
    max_size=8, unique_by=lambda one: one.id,
)  # fmt: skip
days = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@st.composite
def budgets_of_a_day(draw):
    rule = draw(st.sampled_from(RULES))
    most = window_of(rule, draw(days)).most
    today = draw(st.integers(0, 4))
    reserve, used = draw(st.integers(0, most)), draw(st.integers(today, 40))
    return Budget(rule, most, reserve, used, today, is_exhausted=draw(st.booleans()))


@given(wanted=posts, budget=budgets_of_a_day())
def test_a_day_never_takes_more_than_the_rule_leaves(wanted, budget):
    chosen = choose(wanted, budget)

    sent = [one for one in wanted if chosen[one.id].channel == "group_send"]
    assert set(chosen) == {one.id for one in wanted}
    assert not sent or budget.used + len(sent) <= budget.most - budget.reserve
    assert not (budget.is_exhausted and sent)
    assert budget.today + len(sent) <= max(WISHED_A_DAY, budget.today)
    assert all(one.wish != "assisted" for one in sent)
    assert all(choice.reason for choice in chosen.values())
    unwished = [one for one in sent if one.wish == "auto"]
    assert len(unwished) <= A_DAY
    assert all(one.must_do for one in unwished)
    left_out = [one for one in wanted if one not in sent and one.must_do and one.wish == "group_send" and one.has_owner]
    assert not left_out or all(one.must_do and one.wish == "group_send" for one in sent)


@given(rule=st.sampled_from(RULES), day=days)
def test_windows_tile_the_calendar(rule, day):
    window = window_of(rule, day)

    assert window.first <= day <= window.last
    assert window_of(rule, window.first) == window_of(rule, window.last) == window
    assert window_of(rule, window.last + timedelta(days=1)).first == window.last + timedelta(days=1)
    assert rule != "week_7" or (window.first.weekday(), (window.last - window.first).days) == (0, 6)
    assert rule != "month_days" or window.most == (window.last - window.first).days + 1


class AnyHistory(TestCase):
    """Whatever a group got day by day, planning on goes never over the rule less the reserve, in any window."""

    @settings(max_examples=10, deadline=None)
    @given(
        rule=st.sampled_from(RULES), reserve=st.integers(0, 5), first=days, span=st.integers(1, 40),
        wishes=st.lists(st.sampled_from(["auto", "group_send"]), min_size=4, max_size=4),
    )  # fmt: skip
    def test_no_window_holds_more_than_its_rule_less_the_reserve(self, rule, reserve, first, span, wishes):
        QuotaUse.objects.all().delete()
        QuotaRule.objects.filter(valid_from=date(2022, 1, 1)).update(rule=rule, reserve=reserve)
        group = CustomerGroupFactory()

        for day in (first + timedelta(days=number) for number in range(span)):
            budget = budgets(group_ids=[group.pk], day=day)[group.pk]
            wanted = [Wanted(number, number, must_do=True, wish=wish) for number, wish in enumerate(wishes, start=1)]
            chosen = [one for one in choose(wanted, budget).values() if one.channel == "group_send"]
            QuotaUse.objects.bulk_create(
                QuotaUse(group=group, day=day, state="held", msgid=f"{day}-{number}", at=moment(9))
                for number, _ in enumerate(chosen)
            )

        for day in (first + timedelta(days=number) for number in range(span)):
            window = window_of(rule, day)
            used = QuotaUse.objects.filter(group=group, day__range=(window.first, window.last)).count()
            assert used <= max(0, window.most - reserve)


@pytest.mark.parametrize(
    ("rule", "last", "first"),
    [("month_days", date(2026, 11, 30), date(2026, 12, 1)), ("month_4", date(2026, 2, 28), date(2026, 3, 1)),
     ("week_7", date(2026, 11, 15), date(2026, 11, 16)), ("day_1", date(2026, 11, 10), date(2026, 11, 11))],
)  # fmt: skip
@pytest.mark.django_db
def test_a_new_window_begins_anew_and_an_exhausted_one_is_over_with_it(rule, last, first):
    QuotaRule.objects.update(rule=rule, reserve=0)
    group = CustomerGroupFactory()
    QuotaUse.objects.create(group=group, day=last, state="exhausted", at=moment(9))
    QuotaUse.objects.create(group=group, day=last, state="spent", msgid="m1", at=moment(9))

    before, after = (budgets(group_ids=[group.pk], day=day)[group.pk] for day in (last, first))

    assert (before.is_exhausted, before.used, before.today) == (True, 1, 1)
    assert (after.is_exhausted, after.used, after.today) == (False, 0, 0)


@pytest.mark.django_db
def test_a_new_rule_counts_from_its_day_on():
    group = CustomerGroupFactory()
    QuotaRule.objects.create(rule="week_7", valid_from=date(2026, 11, 16), reserve=1, set_at=moment(9))

    rules = [budgets(group_ids=[group.pk], day=date(2026, 11, day))[group.pk].rule for day in (15, 16)]

    assert rules == ["month_days", "week_7"]


@pytest.mark.django_db
def test_what_was_freed_counts_no_more():
    group = CustomerGroupFactory()
    hold(day=DAY, places=[], at=moment(9))
    QuotaUse.objects.create(group=group, day=DAY, state="freed", at=moment(9))

    assert budgets(group_ids=[group.pk], day=DAY)[group.pk].used == 0


def test_group_sends_made_by_hand_and_in_the_console_count_once_and_ours_are_not_counted_twice(chain):
    first, second = (group.chat_id for group in chain.groups["manager0001"])
    chain.at(9, 0)
    chain.company.do(
        "send_personally",
        userid="manager0001",
        recipients=[first],
        chat_type="group",
        content={"text": {"content": "早"}},
    )
    console = chain.company.ok("externalcontact/add_msg_template", {
        "chat_type": "group", "sender": "manager0001", "chat_id_list": [second], "text": {"content": "总部"},
    })  # fmt: skip
    chain.plan()
    chain.run(9, 59)
    chain.tap(turn=2)
    early = read_quota(gateway=chain.gateway, clock=lambda: moment(10, 5))
    chain.at(10, 10)
    chain.company.do("tap", msgid=console["msgid"], userid="manager0001")
    late = read_quota(gateway=chain.gateway, clock=lambda: moment(10, 15))
    again = read_quota(gateway=chain.gateway, clock=lambda: moment(10, 16))

    assert (early.uses, late.uses, again.uses) == (1, 1, 0)
    used = {chat: budgets(group_ids=[pk], day=DAY)[pk].used for pk, chat in _groups(chain)}
    assert used == {first: 2, second: 2}


def _groups(chain):
    return [(group.pk, group.chat_id) for group in chain.groups["manager0001"]]


def test_a_late_tap_over_the_months_end_counts_in_the_new_month(chain):
    last, following = date(2026, 11, 30), date(2026, 12, 1)
    chain.plan()
    chain.run(9, 59)
    send = Broadcast.objects.get(owner_userid="manager0001")
    QuotaUse.objects.update(day=last)
    tapped = datetime(2026, 12, 1, 9, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    chats = [group.chat_id for group in chain.groups["manager0001"]]
    apply_report(send, Report(sent=dict.fromkeys(chats, tapped)), done_by=None, at=tapped)

    group = chain.groups["manager0001"][0].pk
    assert [budgets(group_ids=[group], day=day)[group].used for day in (last, following)] == [0, 1]
