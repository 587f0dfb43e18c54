"""Suggestions: towards what sells, never over the guard, the same for the same week; and what HQ makes of them."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communities.estimates import COLUMNS, MEASURES, Sums, total
from communities.models import Material, MaterialDay, PlanVersion, SwapSuggestion, Theme
from communities.selectors.plan_cells import cell_facts
from communities.services.feedback.suggesting import suggest
from communities.services.feedback.swapping_cells import accept, dismiss
from communities.services.feedback.thompson import QUIT_GUARD, Arm, propose
from communities.services.planning.drafts import start_draft
from communities.services.planning.errors import PlanRefused
from stores.models import AuditEntry
from tests.execution.posts import DAY, Evidence, moment
from tests.factories import MaterialFactory, PlanCellFactory, PlanVersionFactory, StaffFactory

MONDAY = DAY - timedelta(days=1)


def seen(dice, fen, *, units=20, quits=0.0005):
    """What so many shops came to, of a material that sells so many fen per 100 people."""
    parts = []
    for _ in range(units):
        people = int(dice.integers(150, 400))
        parts.append(
            Sums.of_unit(
                posts=1, people=people,
                measures=dict.fromkeys(MEASURES, 0) | {
                    "sales_fen": max(0, int(dice.normal(fen, fen / 2 + 200) * people / 100)),
                    "quits": int(dice.binomial(people, quits)),
                },
            )
        )  # fmt: skip
    return total(parts)


@pytest.mark.parametrize("start", range(6))
def test_the_better_material_gets_into_the_rotation_and_stays(start):
    truth = {1: 4000, 2: 4300, 3: 4100, 4: 9000, 5: 3800, 6: 4200}
    dice = np.random.default_rng(start)
    rotation, known = {1, 2}, dict.fromkeys(truth, Sums())
    present = []
    for week in range(24):
        for material in rotation:
            known[material] += seen(dice, truth[material])
        found = propose([Arm(pk, known[pk]) for pk in truth], rotation=rotation, seed=1000 * start + week)
        if found is not None:
            rotation = rotation - {found.outgoing.material_id} | {found.incoming.material_id}
        present.append(4 in rotation)

    assert all(present[-8:])


def test_where_all_is_known_and_the_best_is_in_nothing_is_proposed():
    dice = np.random.default_rng(1)
    arms = [Arm(pk, seen(dice, fen, units=400)) for pk, fen in ((1, 9000), (2, 8000), (3, 2000), (4, 2500))]

    assert [propose(arms, rotation={1, 2}, seed=seed) for seed in range(50)] == [None] * 50


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 0.01), st.integers(0, 20_000)), min_size=2, max_size=8),
       st.integers(0, 2**40))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_nothing_over_the_guard_is_ever_proposed(materials, seed):
    dice = np.random.default_rng(seed)
    arms = [Arm(pk, seen(dice, fen, units=units, quits=quits)) for pk, (units, quits, fen) in enumerate(materials)]

    found = propose(arms, rotation={0}, seed=seed)

    if found is not None:
        assert found.incoming.sums.ratio("quits") <= QUIT_GUARD
        assert found.outgoing.material_id == 0
        assert found.low <= found.gain <= found.high
        again = propose(arms, rotation={0}, seed=seed)
        assert (again.incoming, again.gain, again.chance) == (found.incoming, found.gain, found.chance)


def test_what_drives_people_away_goes_first_although_it_sells_best():
    dice = np.random.default_rng(3)
    arms = [
        Arm(1, seen(dice, 9000, quits=0.02)), Arm(2, seen(dice, 2000)), Arm(3, seen(dice, 5000)),
        Arm(4, seen(dice, 50_000, quits=0.02)),
    ]  # fmt: skip

    for seed in range(20):
        found = propose(arms, rotation={1, 2}, seed=seed)
        assert found.too_many_quit
        assert (found.outgoing.material_id, found.incoming.material_id) == (1, 3)


def remembered(material, sums, *, slot=1, evidence=Evidence.CLIENT_CALLBACK, day=MONDAY - timedelta(days=3)):
    MaterialDay.objects.create(
        material=material, slot_id=slot, evidence=evidence, day=day, **{name: sums[name] for name in COLUMNS}
    )


@pytest.fixture
def plan(db):
    """Two cells of one slot and theme with a weak material, and beside them a strong one."""
    dice = np.random.default_rng(5)
    weak, fair, strong = (MaterialFactory(name=name) for name in ("弱", "平", "强"))
    MaterialFactory(theme=Theme.OFFER)
    version = PlanVersionFactory()
    cells = [
        PlanCellFactory(version=version, weekday=weekday, materials=[fair, weak], must_do=weekday == 0)
        for weekday in (0, 2)
    ]
    PlanCellFactory(version=version, weekday=3, materials=[fair])
    for material, fen in ((weak, 1000), (fair, 6000), (strong, 12_000)):
        remembered(material, seen(dice, fen, units=60))
    return {"weak": weak, "fair": fair, "strong": strong, "version": version, "cells": cells}


def test_a_week_is_advised_once_and_the_same_again(plan):
    (found,) = suggest(at=moment(8))
    (again,) = suggest(at=moment(9, day=DAY + timedelta(days=2)))

    assert (found.outgoing, found.incoming, found.week) == (plan["weak"], plan["strong"], MONDAY)
    assert found.gain_low_fen < found.gain_fen < found.gain_high_fen
    assert found.gain_low_fen > 5000
    assert "“客户端回执”" in found.reason
    assert again == found
    SwapSuggestion.objects.all().delete()
    (anew,) = suggest(at=moment(8))
    assert (anew.seed, anew.gain_fen, anew.reason) == (found.seed, found.gain_fen, found.reason)


def test_kinds_of_proof_are_never_compared_with_each_other(plan):
    MaterialDay.objects.filter(material=plan["strong"]).update(evidence=Evidence.SELF_DECLARED)

    for one in suggest(at=moment(8)):
        assert one.incoming != plan["strong"] or "还没发过" in one.reason


def test_too_little_and_archived_and_expiring_are_not_advised(plan):
    Material.objects.filter(pk=plan["strong"].pk).update(archived_at=moment(1))
    assert suggest(at=moment(8)) == []
    MaterialDay.objects.all().delete()
    Material.objects.update(archived_at=None)
    assert suggest(at=moment(8)) == []


def test_accepting_changes_the_draft_and_publishes_nothing(plan):
    (one,) = suggest(at=moment(8))
    person = StaffFactory()

    assert accept(suggestion=one, by=person, at=moment(9)) == 2

    draft = PlanVersion.objects.get(published_at=None)
    says = {cell.column.weekday: cell.saying for cell in cell_facts(draft.cells.all())}
    assert {day: said.material_ids for day, said in says.items()} == {
        0: (plan["fair"].pk, plan["strong"].pk), 2: (plan["fair"].pk, plan["strong"].pk), 3: (plan["fair"].pk,),
    }  # fmt: skip
    assert (says[0].must_do, says[2].must_do) == (True, False)
    assert sum(plan["weak"].pk in cell.saying.material_ids for cell in cell_facts(plan["version"].cells.all())) == 2
    one.refresh_from_db()
    assert (one.state, one.decided_by) == ("accepted", person)
    assert AuditEntry.objects.get(action="plan.swap_accepted").detail["cells"] == 2


def test_a_decided_suggestion_is_decided(plan):
    (one,) = suggest(at=moment(8))
    person = StaffFactory()
    assert dismiss(suggestion=one, by=person, at=moment(9))
    assert not dismiss(suggestion=one, by=person, at=moment(9))

    with pytest.raises(PlanRefused):
        accept(suggestion=one, by=person, at=moment(9))
    assert [kept.state for kept in suggest(at=moment(10))] == ["dismissed"]
    assert not PlanVersion.objects.filter(published_at=None).exists()


def test_what_the_draft_no_longer_holds_stays_undecided(plan):
    (one,) = suggest(at=moment(8))
    draft = start_draft(by=StaffFactory(), at=moment(9))
    draft.cells.all().delete()

    with pytest.raises(PlanRefused):
        accept(suggestion=one, by=StaffFactory(), at=moment(9))
    one.refresh_from_db()
    assert one.state == "open"
