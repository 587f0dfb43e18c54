"""The pages of the plan: who may open them, the draft in its side panel, two people at once, constant queries."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from communities.models import CalendarDay, PlanCell, PlanVersion, QuotaRule, Slot, SlotHour
from communities.selectors.plan_cells import cell_facts, facts_of, fingerprint
from tests.factories import (
    GuideFactory,
    ManagerFactory,
    MaterialFactory,
    PlanCellFactory,
    PlanVersionFactory,
    RegionFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
)

HQ_PAGES = ["publish/effect/", "hours/", "calendar/", "quota/", "cells/new/?slot=1&when=w0", "materials/"]


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def hq(db) -> Client:
    return signed_in(StaffFactory())


@pytest.fixture
def published(db):
    plan = PlanVersionFactory(valid_from=timezone.localdate() - timedelta(days=7))
    PlanCellFactory(version=plan, weekday=0, slot_id=1)
    return plan


@pytest.fixture
def draft(hq, published):
    hq.post("/plan/draft/")
    return PlanVersion.objects.get(published_at=None)


def typed(cell=None, **fields):
    facts = facts_of(cell.pk) if cell else None
    base = {
        "theme": facts.saying.theme if facts else "offer", "must_do": "1", "wish": "auto", "region": "", "stage": "",
        "group_kind": "", "store_codes": "", "materials": list(facts.saying.material_ids) if facts else [],
    }  # fmt: skip
    return base | ({"seen": facts.fingerprint} if facts else {}) | fields


@pytest.mark.parametrize("person", [ManagerFactory, GuideFactory])
@pytest.mark.parametrize("page", ["", "preview/", "versions/", "publish/", *HQ_PAGES])
@pytest.mark.django_db
def test_the_plan_is_not_there_for_a_store(person, page):
    assert signed_in(person()).get(f"/plan/{page}").status_code == 404


@pytest.mark.django_db
def test_a_region_lead_reads_what_is_published_and_changes_nothing(published):
    lead = signed_in(RegionLeadFactory())
    PlanVersionFactory(published_at=None, valid_from=None)

    answer = lead.get("/plan/")

    assert answer.status_code == 200
    assert "data-editable" not in answer.content.decode()
    assert {lead.get(f"/plan/{page}").status_code for page in ["publish/", *HQ_PAGES]} == {404}
    assert lead.post("/plan/draft/").status_code == 404
    assert lead.post(f"/plan/cells/{published.cells.get().pk}/remove/").status_code == 404


def test_without_a_plan_hq_is_told_how_to_begin(hq):
    assert "还没有周计划" in hq.get("/plan/").content.decode()


def test_the_draft_begins_with_what_is_published_and_begins_once(hq, published, draft):
    hq.post("/plan/draft/")

    assert [fingerprint(cell_facts(plan.cells.all())) for plan in (published, draft)].count(
        fingerprint(cell_facts(published.cells.all()))
    ) == 2
    assert PlanVersion.objects.filter(published_at=None).count() == 1


def test_hq_puts_a_cell_into_a_square_for_a_region_and_some_stores(hq, draft):
    region, store, material = RegionFactory(), StoreFactory(code="S00077"), MaterialFactory()

    answer = hq.post(
        "/plan/cells/new/?slot=2&when=w4",
        typed(region=region.pk, group_kind="super", store_codes=" s00077，", materials=[material.pk], must_do="0"),
    )

    assert answer.status_code == 200
    facts = cell_facts(draft.cells.filter(slot=2, weekday=4))[0]
    assert (facts.scope_words, facts.live_names, facts.saying.must_do) == (
        f"指定 1 家店 · 超级用户群 · {region.name}", [material.name], False,
    )  # fmt: skip
    assert facts.scope.store_ids == (store.pk,)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"store_codes": "S99999"}, "没有这些门店编码：S99999"),
        ({"theme": "nothing"}, "选择一个有效的选项"),
        ({"materials": ["987654"]}, "有素材已归档，或者不是总部的素材"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(hq, draft, fields, reason):
    answer = hq.post("/plan/cells/new/?slot=2&when=w4", typed(**fields))

    assert (answer.status_code, answer["HX-Retarget"]) == (422, "#panel")
    assert reason in answer.content.decode()
    assert not draft.cells.filter(slot=2).exists()


def test_a_stores_own_material_cannot_be_planned_by_hq(hq, draft):
    own = MaterialFactory(store=StoreFactory())

    answer = hq.post("/plan/cells/new/?slot=2&when=w4", typed(materials=[own.pk]))

    assert "不是总部的素材" in answer.content.decode()


def test_a_second_cell_of_the_same_scope_is_refused(hq, draft):
    answer = hq.post("/plan/cells/new/?slot=1&when=w0", typed())

    assert answer.status_code == 422
    assert "已经有一条「全部门店」的安排" in answer.content.decode()


def test_of_two_people_who_change_the_same_cell_the_second_sees_what_the_first_did(hq, draft):
    cell = draft.cells.get()
    stale = typed(cell, must_do="0")
    hq.post(f"/plan/cells/{cell.pk}/", typed(cell, theme="flash"))

    answer = signed_in(StaffFactory()).post(f"/plan/cells/{cell.pk}/", stale)

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "刚刚被别人改过" in text
    assert "现在是：<b>秒杀</b>" in text
    cell.refresh_from_db()
    assert (cell.theme, cell.must_do) == ("flash", True)
    # What he typed stands in the form, and a second 保存 is his decision.
    assert re.search(r'name="must_do" value="0"[^>]* checked', text)
    seen = re.search(r'name="seen" value="([^"]+)"', text)[1]
    assert hq.post(f"/plan/cells/{cell.pk}/", stale | {"seen": seen}).status_code == 200
    cell.refresh_from_db()
    assert (cell.theme, cell.must_do) == (stale["theme"], False)


def test_the_editor_shows_what_the_checks_say_against_a_material(hq, draft):
    bad = MaterialFactory(name="夸口", version__text="全国第一的阳光玫瑰")
    cell = PlanCellFactory(version=draft, weekday=2, slot_id=2, materials=[bad])

    text = hq.get(f"/plan/cells/{cell.pk}/").content.decode()

    picked, found = text.split("data-picked")[1].split('id="found"')
    assert "plan-finding" in picked
    assert "第一" in picked
    assert "plan-finding" in found
    assert "plan-finding" in hq.get("/plan/materials/?find=夸口").content.decode()


def test_a_cell_somebody_else_removed_is_not_brought_back(hq, draft):
    cell = draft.cells.get()
    stale = typed(cell)
    hq.post(f"/plan/cells/{cell.pk}/remove/", {"seen": stale["seen"]})

    assert hq.post(f"/plan/cells/{cell.pk}/", stale).status_code == 404
    assert not draft.cells.exists()


def test_a_published_cell_is_shown_and_cannot_be_changed(hq, published):
    cell = published.cells.get()

    answer = hq.post(f"/plan/cells/{cell.pk}/", typed(cell, theme="flash"))

    assert "<form" not in answer.content.decode()
    cell.refresh_from_db()
    assert cell.theme == "taste"


def test_a_day_a_slot_and_a_cell_are_copied(hq, draft):
    cell = draft.cells.get()
    hq.post(
        "/plan/copy/", {"what": "cell", "cell": cell.pk, "seen": facts_of(cell.pk).fingerprint, "to": ["3|w0", "3|w1"]}
    )
    hq.post("/plan/copy/", {"what": "day", "when": "w0", "to": ["w5", "w6"]})
    hq.post("/plan/copy/", {"what": "slot", "slot": "3", "to": ["4"]})

    squares = sorted(draft.cells.values_list("weekday", "slot"))
    assert squares == [
        (0, 1), (0, 3), (0, 4), (1, 3), (1, 4), (5, 1), (5, 3), (5, 4), (6, 1), (6, 3), (6, 4),
    ]  # fmt: skip


def test_publishing_says_whom_it_reaches_and_takes_effect(hq, draft):
    cell = draft.cells.get()
    hq.post(f"/plan/cells/{cell.pk}/", typed(cell, theme="flash", materials=[MaterialFactory().pk]))
    today = timezone.localdate()
    looked = hq.get(f"/plan/publish/effect/?valid_from={today}")

    answer = hq.post("/plan/publish/", {"valid_from": today, "note": "试", "seen": looked.context["seen"]}, follow=True)

    assert "改了 1 格" in looked.content.decode()
    assert f"已发布 v{draft.number}" in answer.content.decode()


def test_a_draft_changed_after_it_was_looked_at_is_not_published(hq, draft):
    looked = hq.get("/plan/publish/effect/").context["seen"]
    cell = draft.cells.get()
    signed_in(StaffFactory()).post(f"/plan/cells/{cell.pk}/", typed(cell, theme="flash"))

    answer = hq.post("/plan/publish/", {"valid_from": timezone.localdate(), "note": "", "seen": looked}, follow=True)

    assert "草稿又有人改过" in answer.content.decode()
    assert PlanVersion.objects.get(pk=draft.pk).published_at is None


def test_an_old_version_comes_back_as_a_draft_to_be_published(hq, published):
    newer = PlanVersionFactory(valid_from=published.valid_from, published_at=timezone.now())
    PlanCellFactory(version=newer, weekday=3)

    answer = hq.post(f"/plan/versions/{published.pk}/revert/")

    draft = PlanVersion.objects.get(published_at=None)
    assert (answer.url, draft.reverts) == ("/plan/publish/", published)
    assert [cell.weekday for cell in draft.cells.all()] == [0]


def test_nothing_is_reverted_over_a_draft(hq, published, draft):
    answer = hq.post(f"/plan/versions/{published.pk}/revert/", follow=True)

    assert "还有一份草稿没有处理" in answer.content.decode()


def test_the_hours_are_changed_for_all_and_for_a_region(hq):
    region = RegionFactory()
    hq.post("/plan/hours/", {"slot": 1, "name": "早市", "at": "09:30", "grace_minutes": 45, "is_active": "on"})
    hq.post("/plan/hours/", {"what": "region", "slot": 2, "region": region.pk, "at": "12:30"})

    slot = Slot.objects.get(pk=1)
    assert (f"{slot.at:%H:%M}", slot.grace_minutes) == ("09:30", 45)
    assert f"{SlotHour.objects.get(region=region).at:%H:%M}" == "12:30"


@pytest.mark.parametrize(
    ("at", "reason"), [("08:00", "免打扰时段"), ("21:00", "免打扰时段"), ("12:00", "时段顺序乱了")]
)
def test_an_hour_in_the_quiet_hours_or_out_of_order_is_refused(hq, at, reason):
    answer = hq.post("/plan/hours/", {"slot": 1, "name": "早市", "at": at, "grace_minutes": 60, "is_active": "on"})

    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert f"{Slot.objects.get(pk=1).at:%H:%M}" == "10:00"


def test_a_flash_day_is_added_changed_and_removed(hq):
    day = timezone.localdate() + timedelta(days=3)
    for name in ("快闪", "周年庆"):
        hq.post("/plan/calendar/", {"day": day, "kind": "flash", "name": name, "as_weekday": "5"})
    entry = CalendarDay.objects.get()

    hq.post(f"/plan/calendar/{entry.pk}/drop/")

    assert (entry.name, entry.as_weekday) == ("周年庆", 5)
    assert not CalendarDay.objects.exists()


def test_a_quota_rule_is_set_from_a_day_on_and_not_for_the_past(hq):
    today = timezone.localdate()
    hq.post("/plan/quota/", {"rule": "day_1", "valid_from": today, "reserve": 2})
    answer = hq.post("/plan/quota/", {"rule": "week_7", "valid_from": today - timedelta(days=1), "reserve": 2})

    assert answer.status_code == 422
    assert QuotaRule.objects.order_by("-valid_from").first().rule == "day_1"


@pytest.mark.parametrize("count", [1, 3])
def test_the_grid_costs_the_same_for_one_cell_and_for_three(hq, draft, count, django_assert_num_queries):
    for slot in range(2, count + 1):
        PlanCellFactory(version=draft, slot_id=slot, stores=[StoreFactory()])

    with django_assert_num_queries(12):
        assert hq.get("/plan/").status_code == 200


@pytest.mark.parametrize(
    "path", ["?version=x", "?day=2026-99-99", "?opening=91", "cells/new/?slot=1&when=w7", "copy/?what=x"]
)
def test_addresses_that_mean_nothing_are_not_there_or_mean_today(hq, draft, path):
    assert hq.get(f"/plan/{path}").status_code in ({200} if path == "?version=x" else {404})


@pytest.mark.django_db
def test_a_year_is_imported_once_and_what_hq_changed_stays(hq):
    CalendarDay.objects.create(day=date(2026, 10, 1), kind="flash", name="我们的国庆")

    first = hq.post("/plan/calendar/import/", {"year": 2026}, follow=True)
    again = hq.post("/plan/calendar/import/", {"year": 2026}, follow=True)

    assert "新导入 38 天，1 天已有" in first.content.decode()
    assert "新导入 0 天，39 天已有" in again.content.decode()
    assert CalendarDay.objects.get(day=date(2026, 10, 1)).name == "我们的国庆"


def test_a_year_nobody_knows_yet_is_not_guessed(hq):
    answer = hq.post("/plan/calendar/import/", {"year": 2029}, follow=True)

    assert "还没有 2029 年的放假安排" in answer.content.decode()
    assert not CalendarDay.objects.exists()


def test_only_a_draft_has_cells_to_remove(hq, published):
    cell = published.cells.get()

    hq.post(f"/plan/cells/{cell.pk}/remove/", {"seen": facts_of(cell.pk).fingerprint})

    assert PlanCell.objects.filter(pk=cell.pk).exists()
