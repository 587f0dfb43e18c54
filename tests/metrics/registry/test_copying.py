"""WeCom's own figures, read from a sandbox company through the real client."""

from datetime import timedelta

import pytest
from django.utils import timezone

from metrics.models import OwnerDay, StaffTally
from metrics.services.copying import copy_figures
from metrics.services.rolling.days import roll_day
from stores.models import Staff
from tests.mirror.conftest import company, connect, mirror, path, run  # noqa: F401 -- fixtures of these tests too
from wecom.gateway import wecom

pytestmark = pytest.mark.django_db


def test_a_months_figures_are_copied_once_and_enter_the_staffs_days(mirror):  # noqa: F811 -- pytest's way
    mirror.read_all()
    at = timezone.now()
    yesterday = timezone.localdate(at) - timedelta(days=1)
    roll_day(day=yesterday, at=at)
    at_work = Staff.objects.filter(is_active=True).exclude(wecom_userid="").count()

    copied = copy_figures(gateway=wecom(), at=at)
    again = copy_figures(gateway=wecom(), at=at)

    assert (copied, again) == (30 * at_work, 0)
    owners = OwnerDay.objects.filter(day=yesterday, groups__gt=0)
    assert owners.count() == 2  # the two managers own the four groups
    assert set(
        StaffTally.objects.filter(day=yesterday, owner_groups__gt=0).values_list("staff__wecom_userid", "owner_members")
    ) == set(owners.values_list("userid", "members"))


def test_whom_wecom_does_not_know_is_left_out(mirror):  # noqa: F811 -- pytest's way
    mirror.read_all()
    at = timezone.now()
    known = Staff.objects.filter(is_active=True).exclude(wecom_userid="").first()
    Staff.objects.filter(pk=known.pk).update(wecom_userid="nobody-at-all")

    copy_figures(gateway=wecom(), at=at)

    told = set(OwnerDay.objects.values_list("userid", flat=True))
    assert "nobody-at-all" not in told
    assert told
