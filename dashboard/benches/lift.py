"""Whether the interval of a lift holds the truth: chains as of `manage.py simulate --truth`, in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from members.simulation.calendar import period_of
from members.simulation.households import draw_households
from members.simulation.visits import NEVER, draw_visits
from metrics.lift.estimating import Lift, lift
from metrics.lift.matching import matched, together
from metrics.lift.raw import Raw, compared, times_of
from metrics.lift.shops import Shop

_STORES = 4
_UNTIL, _MONTHS = date(2026, 10, 31), 12
_LONGEST = 1500  # days of membership, as of the sample chain's members
_FEN = 2_000  # an article, about
_DRAWS = 200
_HIDDEN_SHARE = 5  # one in so many seeds is tried in the other world too


@dataclass(frozen=True, slots=True)
class Trial:
    """One simulated chain: what joining truly did to the joiners' spend (a factor), and what is found."""

    truth: float
    found: Lift
    raw: Raw


def trial(*, seed: int, members: int, stores: int = _STORES, hidden: bool = False, draws: int = _DRAWS) -> Trial:
    """Simulate a chain and estimate; `members` are those of one store. `hidden`: see `members.simulation.visits`."""
    shops, with_group, without = [], 0.0, 0.0
    for store in range(stores):
        shop, really, else_ = _shop(np.random.default_rng([seed, store]), members, hidden=hidden)
        shops.append(shop)
        with_group, without = with_group + really, without + else_
    raw = compared(np.concatenate([times_of(shop) for shop in shops]), seed=seed)
    if raw is None:
        raise ValueError("nobody joined")
    found = lift(together([matched(shop, seed=seed) for shop in shops]), seed=seed, draws=draws)
    return Trial(with_group / without, found, raw)


def _shop(dice: np.random.Generator, members: int, *, hidden: bool) -> tuple[Shop, float, float]:
    """A store, what its joiners spent after joining, and what they would have spent without the group."""
    period = period_of(until=_UNTIL, months=_MONTHS)
    households = draw_households(dice, members)
    since = period.days - 1 - (dice.beta(1.0, 1.3, members) * _LONGEST).astype(np.int64)
    visits = draw_visits(
        dice, households=households, period=period, lift=period.lift * dice.lognormal(0, 0.1, period.days),
        since=since, first_day=np.clip(since, 0, period.days), end_day=period.days, hidden=hidden,
    )  # fmt: skip
    basket = _FEN * households.lines * households.amount * dice.lognormal(0, 0.3, members)
    joined = visits.group_day != NEVER
    shop = Shop.of(
        days=period.days, member=visits.member, day=visits.day,
        spend=basket[visits.member] * dice.lognormal(0, 0.4, len(visits.member)), since=since,
        joined=[None if day == NEVER else day for day in visits.group_day.tolist()],
    )  # fmt: skip
    return (
        shop,
        float((basket * visits.visits_after)[joined].sum()),
        float((basket * visits.visits_without)[joined].sum()),
    )


def bench_lift(seeds: int, members: int) -> dict[str, Any]:
    """How often the intervals hold the truth over `seeds` chains of four stores, and how far off the figures are."""
    seen = [trial(seed=seed, members=members) for seed in range(seeds)]
    unseen = [trial(seed=seed, members=members, hidden=True) for seed in range(max(1, seeds // _HIDDEN_SHARE))]
    return dict(_lines(seen, unseen, members))


def _lines(seen: list[Trial], unseen: list[Trial], members: int) -> Iterator[tuple[str, Any]]:
    first = seen[0].found
    yield "世界", {
        "份数": len(seen), "门店": _STORES, "会员": _STORES * members, "月": _MONTHS,
        "配上对照的进群会员（第一份）": first.joiners, "对照会员": first.controls,
    }  # fmt: skip
    yield "真实提升", {"平均": f"{np.mean([one.truth for one in seen]):.3f} 倍"}
    yield "对照后", _quality([(one.truth, one.found.ratio) for one in seen])
    yield "原始对比", _quality([(one.truth, one.raw.ratio) for one in seen])
    checks = [one.found.placebo for one in seen if one.found.placebo is not None]
    yield "安慰剂（提前两个月）", {
        "平均": f"{np.mean([one.value for one in checks]):.3f} 倍",
        "区间含 1": f"{sum(one.holds(1) for one in checks)} / {len(checks)}",
    }  # fmt: skip
    yield "两项检查都通过", f"{sum(one.found.is_sound for one in seen)} / {len(seen)}"
    yield (
        "看不见的原因同时促成进群与多买时",
        _quality([(one.truth, one.found.ratio) for one in unseen])
        | {"检查发现": f"{sum(not one.found.is_sound for one in unseen)} / {len(unseen)}"},
    )


def _quality(pairs: list[tuple[float, Any]]) -> dict[str, str]:
    return {
        "区间含真值": f"{sum(interval.holds(truth) for truth, interval in pairs)} / {len(pairs)}",
        "平均偏差": f"{np.mean([interval.value - truth for truth, interval in pairs]):+.3f} 倍",
        "平均区间宽": f"{np.mean([interval.high - interval.low for _, interval in pairs]):.3f} 倍",
    }
