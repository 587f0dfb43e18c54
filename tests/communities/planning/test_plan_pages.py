"""The pages of the plan: who may open them, the draft in its side panel, two people at once, constant queries."""

import re

import pytest

from communities.models import PlanCell, PlanVersion
from communities.selectors.plan_cells import cell_facts, facts_of, fingerprint
from tests.clients import signed_in
from tests.communities.planning.filling import typed
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


def test_only_a_draft_has_cells_to_remove(hq, published):
    cell = published.cells.get()

    hq.post(f"/plan/cells/{cell.pk}/remove/", {"seen": facts_of(cell.pk).fingerprint})

    assert PlanCell.objects.filter(pk=cell.pk).exists()
