"""The week's suggestions: for each slot and theme of the plan one swap at most, reproducible by its seed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db.models import Q
from django.utils import timezone

from communities.estimates import Sums
from communities.models import CellMaterial, Material, PostTask, SwapSuggestion
from communities.selectors.feedback import Period, sums_by
from communities.selectors.plan_cells import newest_published, the_draft
from communities.services.feedback.thompson import Arm, Proposal, propose

LOOK_BACK = timedelta(days=56)
_LEVELS = sorted((level for level in PostTask.Evidence if level), reverse=True)
_FEWEST = 2  # materials to compare
_SURE = 0.9


@dataclass(frozen=True, slots=True)
class _Place:
    """One slot and theme of the plan, and the materials that rotate there."""

    slot: int
    theme: str
    rotation: frozenset[int]


def suggest(*, at: datetime) -> list[SwapSuggestion]:
    """The suggestions of this business week, made if they are not there; a decided one stays decided."""
    today = timezone.localdate(at)
    week = today - timedelta(days=today.weekday())
    places = _places()
    materials = _materials(week)
    period = Period(week - LOOK_BACK, week - timedelta(days=1))
    sums = sums_by(("material", "slot", "evidence"), period=period)
    made = []
    for place in places:
        arms_of = [pk for pk, material in materials.items() if material.theme == place.theme or pk in place.rotation]
        seed = _seed(week, place)
        found = _best_proof(place, arms_of, sums, seed=seed)
        if found is not None:
            evidence, proposal = found
            made.append(_suggestion(place, evidence, proposal, materials, week=week, seed=seed, at=at))
    SwapSuggestion.objects.bulk_create(made, ignore_conflicts=True)
    return list(SwapSuggestion.objects.filter(week=week).order_by("slot_id", "theme"))


def _places() -> list[_Place]:
    """Every slot and theme with a rotation in the plan: the draft's where there is one, for that is what changes."""
    plan = the_draft() or newest_published()
    turns: dict[tuple[int, str], set[int]] = defaultdict(set)
    if plan is not None:
        rotations = CellMaterial.objects.filter(cell__version=plan)
        for slot, theme, material in rotations.values_list("cell__slot_id", "cell__theme", "material_id"):
            turns[slot, theme].add(material)
    return [_Place(slot, theme, frozenset(rotation)) for (slot, theme), rotation in sorted(turns.items())]


def _materials(week: date) -> dict[int, Material]:
    """HQ's materials that may be posted all week."""
    lasting = Q(current__expires_on=None) | Q(current__expires_on__gte=week + timedelta(days=6))
    live = Material.objects.filter(lasting, store=None, archived_at=None, current__isnull=False)
    return live.order_by("pk").in_bulk()


def _best_proof(
    place: _Place, materials: Iterable[int], sums: Mapping[tuple[int | None, ...], Sums], *, seed: int
) -> tuple[int, Proposal] | None:
    """A proposal from the best kind of proof that can compare: kinds are never pooled."""
    ids = sorted(materials)
    for level in _LEVELS:
        arms = [Arm(pk, sums.get((pk, place.slot, level), Sums())) for pk in ids]
        if sum(not arm.sums.is_thin for arm in arms) < _FEWEST:
            continue
        proposal = propose(arms, rotation=place.rotation, seed=seed)
        if proposal is not None and not proposal.outgoing.sums.is_thin:
            return int(level), proposal
        return None
    return None


def _seed(week: date, place: _Place) -> int:
    return int.from_bytes(sha256(f"{week}:{place.slot}:{place.theme}".encode()).digest()[:6])


def _suggestion(
    place: _Place, evidence: int, proposal: Proposal, materials: Mapping[int, Material], *, week: date, seed: int,
    at: datetime,
) -> SwapSuggestion:  # fmt: skip
    outgoing, incoming = (materials[arm.material_id] for arm in (proposal.outgoing, proposal.incoming))
    return SwapSuggestion(
        week=week, slot_id=place.slot, theme=place.theme, outgoing=outgoing, incoming=incoming, evidence=evidence,
        gain_fen=proposal.gain, gain_low_fen=proposal.low, gain_high_fen=proposal.high,
        reason=_reason(proposal, PostTask.Evidence(evidence).label), seed=seed, made_at=at,
    )  # fmt: skip


def _reason(proposal: Proposal, proof: str) -> str:
    """Why, in words for HQ."""
    old, new = proposal.outgoing.sums, proposal.incoming.sums
    was = f"近 8 周“{proof}”的群发里，换下的在 {old['units']:,.0f} 店次每百人卖 {_yuan(old)} 元"
    known = f"换上的在 {new['units']:,.0f} 店次卖 {_yuan(new)} 元" if new["units"] else "换上的在这个时段还没发过"
    said = [f"{was}，{known}"]
    if proposal.too_many_quit:
        said.append(f"换下的每次有 {1000 * old.ratio('quits'):.1f}‰ 的人退群，超过警戒线")
    if new.is_thin:
        said.append("样本太少，先试一周看结果")
    elif proposal.chance >= _SURE:
        said.append(f"更好的把握 {proposal.chance:.0%}")
    else:
        said.append(f"更好的把握只有 {proposal.chance:.0%}，换一周能看得更清")
    return "；".join(said)[:400]


def _yuan(sums: Sums) -> str:
    return f"{sums.ratio('sales_fen'):.1f}"
