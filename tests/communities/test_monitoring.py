"""A broken code is noticed within the hour, mended where that is possible, and said to those who can mend the rest."""

from datetime import UTC, datetime, timedelta

import pytest

from communities.models import CodeAdd, CodeAlert, CodeScan, CustomerGroup, GroupMembership
from communities.services import code_alerts, monitoring, telling
from communities.services.code_alerts import Finding
from tests.factories import EntryCodeFactory, GuideFactory, ManagerFactory, StaffFactory
from tests.wecom.fake import refusal

NOW = datetime(2026, 1, 28, 9, tzinfo=UTC)  # 17:00 in the shop
HOUR = timedelta(hours=1)
UPDATE_GROUP = "externalcontact/groupchat/update_join_way"
UPDATE = "externalcontact/update_contact_way"


@pytest.fixture
def shop():
    return ManagerFactory(wecom_userid="zhang", name="张敏").store


def check(store, site, *, at=NOW):
    """(cause, message) of what is open and raised after a check."""
    monitoring.check_store(store=store, at=at, gateway=site.wecom)
    raised = CodeAlert.objects.filter(cleared_at=None, raised_at__isnull=False).order_by("pk")
    return list(raised.values_list("cause", "message"))


def healthy(site):
    site.fake.script |= {
        "externalcontact/get_contact_way": [{"errcode": 0, "contact_way": {}}],
        "externalcontact/groupchat/get_join_way": [{"errcode": 0, "join_way": {}}],
    }


def group(chat_id, store, **facts) -> CustomerGroup:
    return CustomerGroup.objects.create(chat_id=chat_id, name=f"{chat_id}群", store=store, **facts)


@pytest.mark.django_db
def test_a_healthy_store_raises_nothing(shop, site):
    healthy(site)
    EntryCodeFactory(store=shop)
    EntryCodeFactory(store=shop, kind="group")
    group("wr1", shop, member_count=200)

    assert check(shop, site) == []


@pytest.mark.django_db
@pytest.mark.parametrize("facts", [{"member_count": 500}, {"dismissed_at": NOW}], ids=["full", "dissolved"])
def test_a_code_whose_group_is_gone_moves_to_the_next_one(shop, site, facts):
    healthy(site)
    code = EntryCodeFactory(store=shop, kind="group")
    group("wr1", shop, **facts)
    group("wr2", shop)

    found = check(shop, site)
    code.refresh_from_db()

    assert found == [("failed_over", "原来的群满了或解散了，已自动切换到「wr2群」")]
    assert code.chat_ids == site.fake.body(UPDATE_GROUP)["chat_id_list"] == ["wr2"]
    assert site.fake.body(UPDATE_GROUP)["state"] == code.token
    assert [check(shop, site, at=NOW + n * HOUR) for n in (1, 2)] == [found, []]
    assert site.fake.count(UPDATE_GROUP) == 1


@pytest.mark.django_db
def test_a_code_with_nowhere_to_go_is_raised_and_cleared_when_a_group_is_made(shop, site):
    healthy(site)
    EntryCodeFactory(store=shop, kind="group")
    group("wr1", shop, member_count=500)

    assert check(shop, site) == [("groups_full", "1 个群都满了，新来的顾客可能进不去")]
    group("wr2", shop)
    causes = [[cause for cause, _ in check(shop, site, at=NOW + n * HOUR)] for n in (1, 2, 3)]

    assert causes == [["groups_full", "failed_over"], ["failed_over"], []]


@pytest.mark.django_db
def test_a_group_wecom_made_by_itself_is_followed(shop, site):
    healthy(site)
    site.fake.script["externalcontact/groupchat/get_join_way"] = [
        {"errcode": 0, "join_way": {"chat_id_list": ["wr1", "new"]}}
    ]
    code = EntryCodeFactory(store=shop, kind="group")
    group("wr1", shop, member_count=500)

    assert check(shop, site) == []
    code.refresh_from_db()

    assert code.chat_ids == ["wr1", "new"]


@pytest.mark.django_db
def test_a_code_of_somebody_who_left_is_answered_by_a_colleague(shop, site):
    healthy(site)
    StaffFactory(wecom_userid="li", is_active=False)
    GuideFactory(store=shop, wecom_userid="wang")
    code = EntryCodeFactory(store=shop, userids=["li"])

    found = check(shop, site)
    code.refresh_from_db()

    assert found == [("failed_over", "接待人已自动换成 张敏")]
    assert code.userids == site.fake.body(UPDATE)["user"] == ["zhang"]


@pytest.mark.django_db
def test_a_code_nobody_can_answer_is_raised(site):
    healthy(site)
    code = EntryCodeFactory(userids=["li"])

    assert check(code.store, site) == [("owner_left", "接待人已离职，店里没有别人可以接")]


@pytest.mark.django_db
def test_a_manager_whose_customers_are_nearly_full_is_raised(shop, site, monkeypatch):
    healthy(site)
    EntryCodeFactory(store=shop)
    monkeypatch.setattr(monitoring, "_customers_of", lambda userids: dict.fromkeys(userids, 4_750))

    assert check(shop, site) == [("owner_full", "张敏的客户数接近 5000 的上限")]


@pytest.mark.django_db
def test_a_group_whose_owner_left_is_raised(shop, site):
    healthy(site)
    EntryCodeFactory(store=shop, kind="group")
    group("wr1", shop, handover=CustomerGroup.Handover.OWNER_LEFT)

    assert check(shop, site) == [("owner_left", "「wr1群」的群主已离职")]


@pytest.mark.django_db
def test_a_code_deleted_at_wecom_is_made_anew_behind_the_same_print(shop, site):
    code = EntryCodeFactory(store=shop)
    site.fake.script["externalcontact/get_contact_way"] = [refusal(40058)]

    found = check(shop, site)
    before = code.token
    code.refresh_from_db()

    assert found == [("config_missing", "企业微信里已没有这个码，系统正在重新生成")]
    assert (code.status, code.config_id, code.token) == ("creating", "", before)


@pytest.mark.django_db
def test_a_missing_permission_says_nothing_about_codes(shop, site):
    EntryCodeFactory(store=shop)
    site.fake.script["externalcontact/get_contact_way"] = [refusal(48002)]

    with pytest.raises(Exception, match="48002"):
        check(shop, site)

    assert not CodeAlert.objects.exists()


@pytest.mark.django_db
def test_a_code_that_falls_silent_against_its_habit_is_raised_at_the_second_check(shop, site):
    healthy(site)
    code = EntryCodeFactory(store=shop, created_at=NOW - timedelta(days=60))
    for number in range(27 * 8):  # 27 days, eight a day between 10:00 and 18:00, and none since yesterday
        day, hour = divmod(number, 8)
        moment = NOW.replace(hour=2 + hour) - timedelta(days=27 - day)
        CodeAdd.objects.create(code=code, event=number, customer=b"x" * 16, at=moment)
        GroupMembership.objects.create(
            group=CustomerGroup.objects.get_or_create(chat_id="wr1", store=shop)[0],
            who=number.to_bytes(16, "big"), joined_at=moment,
        )  # fmt: skip

    found = [[cause for cause, _ in check(shop, site, at=NOW + n * HOUR)] for n in (-6, 0, 1, 2)]

    assert found == [[], [], ["silent"], ["silent"]]


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "message"), [
    ("contact", "两天里有 40 次扫码，没有人添加"), ("group", "两天里有 40 次扫码，没有人进群"),
])  # fmt: skip
def test_scans_that_lead_nowhere_are_raised(shop, site, kind, message):
    healthy(site)
    code = EntryCodeFactory(store=shop, kind=kind, created_at=NOW)
    group("wr1", shop)
    CodeScan.objects.create(code=code, day=NOW.date(), times=40, last_at=NOW)

    assert [check(shop, site), check(shop, site, at=NOW + HOUR)] == [[], [("no_joins", message)]]


@pytest.mark.django_db
def test_adds_without_a_single_join_are_raised(shop, site):
    healthy(site)
    code = EntryCodeFactory(store=shop, created_at=NOW)
    for number in range(10):
        CodeAdd.objects.create(code=code, event=number, customer=b"x" * 16, at=NOW - HOUR)

    assert [check(shop, site), check(shop, site)] == [[], [("no_joins", "两天里有 10 人添加，没有人进群")]]


@pytest.mark.django_db
def test_a_code_that_was_not_made_within_an_hour_is_raised(shop, site):
    code = EntryCodeFactory(store=shop, status="creating", config_id="", created_at=NOW)

    assert [check(shop, site), check(shop, site, at=code.created_at + HOUR)] == [
        [], [("not_made", "一直没有生成")],
    ]  # fmt: skip


@pytest.mark.django_db
def test_an_alert_clears_after_two_good_checks_and_a_relapse_keeps_it():
    code = EntryCodeFactory()
    finding = Finding(CodeAlert.Cause.GROUPS_FULL, "满了", "建群")
    open_after = []
    for number, found in enumerate([[finding], [], [finding], [], [], [finding]]):
        code_alerts.settle(code=code, findings=found, at=NOW + number * HOUR)
        open_after.append(CodeAlert.objects.filter(cleared_at=None).count())

    assert open_after == [1, 1, 1, 1, 0, 1]
    assert CodeAlert.objects.count() == 2


@pytest.mark.django_db
def test_the_manager_reads_of_it_in_wecom(shop, site):
    code = EntryCodeFactory(store=shop)
    [alert] = code_alerts.settle(
        code=code, findings=[Finding(CodeAlert.Cause.GROUPS_FULL, "2 个群都满了", "请再建一个群")], at=NOW
    )  # fmt: skip

    assert telling.tell_alert(alert_id=alert.pk, gateway=site.wecom)

    assert site.fake.body("message/send")["touser"] == "zhang"
    assert "2 个群都满了\n怎么办：请再建一个群" in site.fake.body("message/send")["text"]["content"]
