"""Counting by hand, and the sample chain's weeks that are over."""

from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from communities.models import CustomerGroup, FeedbackDay, LinkClick, PostEntry, PostResult, PostTask, ShortLink
from communities.tasks import bulk_attribute, bulk_suggest_swaps
from tests.execution.posts import DAY, S, moment, post
from tests.factories import CustomerGroupFactory, MaterialFactory, MemberFactory, PlanCellFactory, PlanVersionFactory
from tests.feedback.test_attribution import stay

pytestmark = pytest.mark.django_db


def said(command, *args):
    out = StringIO()
    call_command(command, *args, stdout=out)
    return out.getvalue().strip()


def test_days_are_counted_again_by_hand():
    post(state=S.SENT)
    assert said("attribute_posts", str(DAY)) == "已重新统计 1 天、1 个门店日"
    PostResult.objects.update(people=99)

    said("attribute_posts", str(DAY), str(DAY))

    assert PostResult.objects.get().people == 0
    with pytest.raises(CommandError, match="不是日期"):
        said("attribute_posts", "昨天")


def test_the_hourly_and_the_nightly_task_count():
    post(state=S.SENT)
    with time_machine.travel(moment(21), tick=False):
        bulk_attribute()
        bulk_attribute(late=True)
        bulk_suggest_swaps()

    assert FeedbackDay.objects.get().counted_at == moment(21)


def test_the_sample_chain_gets_its_weeks_once():
    assert "没有改动" in said("sample_feedback")
    plan = PlanVersionFactory()
    for weekday in range(7):
        PlanCellFactory(version=plan, weekday=weekday, slot_id=1 + weekday % 2, materials=[MaterialFactory()])
    group = CustomerGroupFactory()
    CustomerGroupFactory(store=group.store)
    for _ in range(12):
        stay(group, member=MemberFactory(home_store=group.store), joined_at=moment(8, day=DAY.replace(year=2025)))

    with time_machine.travel(moment(8), tick=False):
        assert said("sample_feedback").startswith("已补上 34 天的效果")
        assert "没有改动" in said("sample_feedback")

    sent = PostTask.objects.filter(state=S.SENT)
    # A week ago the one material was the one of today, which would be warned of for being seen again.
    assert PostTask.objects.count() == 34 * CustomerGroup.objects.count()
    assert PostResult.objects.count() == sent.count()
    assert ShortLink.objects.filter(task__in=sent).count() == sent.count()
    assert LinkClick.objects.exists()
    assert PostEntry.objects.count() <= LinkClick.objects.count()
    assert set(PostTask.objects.filter(day__gte=DAY.replace(day=3)).values_list("day", flat=True)) == {
        DAY.replace(day=4 + n) for n in range(6)
    }
