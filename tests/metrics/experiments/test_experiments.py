"""An experiment from draft to decision, and what it does to the plan meanwhile."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from communities.selectors.planned import planned_posts
from metrics.models import Experiment, ExperimentAssignment, GroupTally
from metrics.selectors import experiment_readings
from metrics.services import experimenting
from metrics.services.experimenting import ArmWish, ExperimentRefused
from tests.factories import (
    CustomerGroupFactory,
    ManagerFactory,
    MaterialFactory,
    PlanCellFactory,
    PlanVersionFactory,
    RegionFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 8)
NOW = datetime(2026, 3, 8, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
MONDAY = date(2026, 3, 9)
HALF_HELD = (ArmWish("A", "对照组", 50), ArmWish("H", "留白组", 50, is_holdout=True))


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def groups():
    store = StoreFactory()
    found = [CustomerGroupFactory(store=store) for _ in range(48)]
    tally(found, first=TODAY - timedelta(days=7), days=7, active=lambda _: 10)
    return found


def tally(groups, *, first, days, active=lambda _: 0, quits=lambda _: 0):
    GroupTally.objects.bulk_create(
        GroupTally(
            group=group, day=first + timedelta(days=n), members_start=200, members_end=200, active_30d=active(group),
            quits=quits(group),
        )
        for group in groups
        for n in range(days)
    )  # fmt: skip


def drafted(**fields):
    usual = {
        "by": StaffFactory(), "name": "少发一点", "unit": "group", "subject": "posts", "metric": "group_active_rate",
        "worth_percent": 10, "starts_on": MONDAY, "ends_on": MONDAY + timedelta(days=27), "arms": HALF_HELD, "at": NOW,
    }  # fmt: skip
    return experimenting.draft_experiment(**usual | fields)


def started(**fields):
    experiment = drafted(**fields)
    experimenting.start_experiment(experiment=experiment, by=experiment.made_by, at=NOW)
    experiment.refresh_from_db()
    return experiment


def arm_by_group(experiment):
    return dict(ExperimentAssignment.objects.filter(experiment=experiment).values_list("unit", "arm__key"))


def test_group_left_blank_gets_no_may_do_post_and_every_must_do_one(groups):
    plan = PlanVersionFactory()
    PlanCellFactory(version=plan, slot_id=1, must_do=False)
    PlanCellFactory(version=plan, slot_id=2, must_do=True)
    arms = arm_by_group(started())

    posts = planned_posts(day=MONDAY)

    assert set(arms.values()) == {"A", "H"}
    assert {post.group_id for post in posts if post.slot_number == 1} == {g for g, key in arms.items() if key == "A"}
    assert {post.group_id for post in posts if post.slot_number == 2} == set(arms)


def test_arm_b_gets_its_material_wherever_the_plan_says_the_controls(groups):
    plan, one, other = PlanVersionFactory(), MaterialFactory(), MaterialFactory()
    PlanCellFactory(version=plan, slot_id=1, materials=[one])
    arms = arm_by_group(
        started(subject="materials", arms=[ArmWish("A", "对照", 1, material=one), ArmWish("B", "B", 1, material=other)])
    )

    sent = {post.group_id: post.version_id for post in planned_posts(day=MONDAY)}

    assert sent == {g: (one if key == "A" else other).current_id for g, key in arms.items()}


def test_draft_and_a_stopped_experiment_change_nothing(groups):
    PlanCellFactory(version=PlanVersionFactory(), slot_id=1, must_do=False)
    drafted()
    stopped = started()
    experimenting.stop_experiment(experiment=stopped, reason="不试了", at=NOW)

    assert len(planned_posts(day=MONDAY)) == len(groups)


def test_who_has_an_arm_keeps_it_when_the_weights_change_and_newcomers_go_by_the_new(groups):
    experiment = started()
    before = arm_by_group(experiment)
    experiment.arms.filter(key="A").update(weight=0)
    experiment.arms.create(key="B", name="B 组", position=2, weight=50)
    newcomers = [CustomerGroupFactory(store=groups[0].store) for _ in range(6)]

    experimenting.watch(at=NOW)

    after = arm_by_group(experiment)
    assert {unit: after[unit] for unit in before} == before
    assert {after[group.pk] for group in newcomers} <= {"H", "B"}


def test_clear_rise_of_quits_stops_it_with_the_reason(groups):
    experiment = started()
    arms = arm_by_group(experiment)
    tally(groups, first=MONDAY, days=3, quits=lambda group: 30 if arms[group.pk] == "H" else group.pk % 2)

    reasons = experimenting.watch(at=NOW + timedelta(days=4))

    experiment.refresh_from_db()
    assert experiment.state == Experiment.State.STOPPED
    assert reasons[experiment.pk].startswith("护栏：留白组的退群率")


def test_experiment_that_is_over_stops_by_itself_and_is_decided_once(groups):
    experiment = started()
    experimenting.watch(at=NOW + timedelta(days=40))
    experimenting.decide(experiment=experiment, decision="照旧发", at=NOW)

    experiment.refresh_from_db()
    assert (experiment.state, experiment.stop_reason) == (Experiment.State.DECIDED, "到期")
    with pytest.raises(ExperimentRefused, match="先停止"):
        experimenting.decide(experiment=experiment, decision="改了", at=NOW)


def test_page_reads_each_arm_with_its_interval_and_words(client, groups):
    experiment = started()
    arms = arm_by_group(experiment)
    tally(groups, first=MONDAY, days=3, active=lambda group: (20 if arms[group.pk] == "A" else 5) + group.pk % 3)

    with time_machine.travel(NOW + timedelta(days=4)):
        client.force_login(experiment.made_by)
        page = client.get(f"/metrics/experiments/{experiment.pk}/").content.decode()

    assert "比对照低" in page
    assert "不发可做内容，必做照发" in page


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"starts_on": MONDAY, "ends_on": TODAY}, "开始日期晚于结束日期"),
        ({"starts_on": TODAY}, "最早从明天开始"),
        ({"ends_on": MONDAY + timedelta(days=3650)}, "最长 120 天"),
        ({"arms": HALF_HELD[:1]}, "至少要两组"),
        ({"arms": [ArmWish("A", "对照", 0), ArmWish("H", "留白", 0, is_holdout=True)]}, "份额都是 0"),
        ({"metric": "nonsense"}, "这个指标不能"),
        ({"unit": "member", "metric": "member_spend"}, "只能按群或按门店"),
        ({"subject": "materials"}, "都要选素材"),
        ({"arms": [ArmWish("A", "对照", 1), ArmWish("B", "B", 1)]}, "另一组只能是留白"),
        ({"metric": "quits"}, "没有“退群”的数据"),
        ({"subject": "campaigns", "unit": "member", "metric": "member_spend"}, "只有 0 个会员"),
    ],
)
def test_experiment_that_makes_no_sense_is_refused_in_words(groups, fields, says):
    with pytest.raises(ExperimentRefused, match=says):
        drafted(**fields)


def test_region_without_groups_is_refused(groups):
    with pytest.raises(ExperimentRefused, match="范围里只有 0 个群"):
        drafted(region=RegionFactory())


def test_form_says_what_is_wrong_and_else_leads_to_the_draft(client, groups):
    client.force_login(StaffFactory())
    wish = {
        "name": "少发", "subject": "posts", "unit": "group", "metric": "group_active_rate", "worth_percent": 10,
        "starts_on": MONDAY, "ends_on": MONDAY, "weight_control": 50, "weight_b": 0, "weight_holdout": 50,
    }  # fmt: skip

    wrong = client.post("/metrics/experiments/new/", wish | {"weight_holdout": 0})
    right = client.post("/metrics/experiments/new/", wish, follow=True)
    listed = client.get("/metrics/experiments/")

    assert (wrong.status_code, "至少要两组" in wrong.content.decode()) == (422, True)
    assert "启动并分组" in right.content.decode()
    assert "少发" in listed.content.decode()


def test_calculator_on_the_page_gives_the_number_of_the_textbook(client):
    client.force_login(StaffFactory())
    asked = {"power-kind": "share", "power-before": 10, "power-after": 12, "power-size": 1, "power-likeness": 0}

    page = client.get("/metrics/experiments/size/", asked).content.decode()
    wrong = client.get("/metrics/experiments/size/", asked | {"power-after": 10}).content.decode()

    assert "3,841" in page
    assert "想看出的差别不能是 0" in wrong


@pytest.mark.parametrize("factory", [ManagerFactory, RegionLeadFactory])
@pytest.mark.parametrize("page", ["", "new/", "size/", "1/"])
def test_experiments_are_hq_business(client, factory, page):
    client.force_login(factory())

    assert client.get(f"/metrics/experiments/{page}").status_code == 404


def test_arm_of_few_units_is_said_to_be_too_small(groups):
    experiment = started(arms=[ArmWish("A", "对照", 1000), ArmWish("H", "留白", 1, is_holdout=True)])

    lines = experiment_readings.readings(experiment, today=MONDAY + timedelta(days=5))

    assert [line.metric for line in lines] == [None, None]
    assert lines[1].is_thin
