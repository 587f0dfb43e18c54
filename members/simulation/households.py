"""Households: what they like, how much and when they shop, what they can spend. All of it hidden truth."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from stores.simulation.catalogue import AXES, CATALOGUE

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Latent types of taste: share of the population, centre on the axes of the catalogue.
TASTE_TYPES: dict[str, tuple[float, tuple[float, ...]]] = {
    "脆甜多汁": (0.24, (8, 2, 9, 8, 4, 1, 6)),
    "软糯浓香": (0.17, (8, 1, 1, 4, 9, 9, 4)),
    "酸甜开胃": (0.17, (5, 8, 4, 8, 7, 4, 6)),
    "清爽多汁": (0.18, (5, 3, 5, 10, 4, 2, 4)),
    "省事即食": (0.14, (7, 4, 4, 5, 5, 4, 10)),
    "蜜甜不酸": (0.10, (10, 0, 4, 6, 6, 5, 5)),
}
TYPE_NAMES = tuple(TASTE_TYPES)
_TYPE_SHARE = np.array([share for share, _ in TASTE_TYPES.values()])
_TYPE_CENTRE = np.array([centre for _, centre in TASTE_TYPES.values()])

_VECTORS = np.array([fruit.taste for fruit in CATALOGUE], float)
_STANDARD = (_VECTORS - _VECTORS.mean(axis=0)) / _VECTORS.std(axis=0)
_POPULARITY = np.log([fruit.popularity for fruit in CATALOGUE])
# What an ordinary purchase of the article costs, in yuan of a third-tier city.
_USUAL_YUAN = np.array([fruit.price_fen * fruit.usual / 100 for fruit in CATALOGUE])
_FAVOURITES = 3


@dataclass(frozen=True, slots=True)
class Households:
    """One entry per household in every array. `liking` holds the utility of each article, favourites included."""

    taste_type: Ints
    taste: Floats  # n × axes, 0–10
    size: Ints
    children: Ints
    elderly: Ints
    visits_per_week: Floats
    weekday: Floats  # n × 7, mean 1
    hour: Floats
    lines: Floats  # articles a visit
    amount: Floats  # factor on the usual amount
    price_sensitivity: Floats
    budget: Floats  # yuan an article
    habit: Floats
    favourites: Ints  # n × 3, positions in the catalogue
    turn: Floats  # log change of the visit rate, once, for a reason of their own (a move, a baby, a new job)
    turn_at: Floats  # when, as a part of the period
    liking: Floats  # n × articles

    def __len__(self) -> int:
        return len(self.size)

    def take(self, positions: Ints) -> "Households":
        """The households at these positions, in this order."""
        return Households(**{field.name: getattr(self, field.name)[positions] for field in fields(self)})


def draw_households(rng: np.random.Generator, count: int) -> Households:
    """Draw `count` households independently of each other."""
    taste_type = rng.choice(len(TYPE_NAMES), size=count, p=_TYPE_SHARE)
    size = 1 + rng.choice(5, size=count, p=[0.18, 0.26, 0.29, 0.17, 0.10])
    children = np.where(size >= 3, rng.binomial(2, 0.42, count), 0)  # noqa: PLR2004 -- two parents and a child
    elderly = np.where(size >= 2, rng.binomial(2, 0.22, count), 0)  # noqa: PLR2004 -- someone who lives with them
    taste = _TYPE_CENTRE[taste_type] + rng.normal(0, 1.3, (count, len(AXES)))
    # Children want it sweet and easy; old teeth want it soft and not sour.
    taste += (children > 0)[:, None] * np.array([0.8, -0.5, 0, 0, 0, 0, 1.0])
    taste += (elderly > 0)[:, None] * np.array([0.3, -0.8, -1.0, 0, 0, 1.2, 0])
    taste = np.clip(taste, 0, 10)

    visits = np.clip(rng.lognormal(-0.75, 0.85, count) * (0.8 + 0.12 * size), 0.03, 3.5)
    budget = rng.lognormal(3.1, 0.4, count)
    sensitivity = np.clip(rng.normal(1.1 - 0.25 * np.log(budget / 22), 0.35), 0.1, 2.5)
    habit = np.clip(rng.gamma(4.0, 0.35, count), 0.1, 3.0)

    liking = 0.42 * ((taste - 5) / 2.5) @ _STANDARD.T
    liking -= sensitivity[:, None] * np.maximum(np.log(_USUAL_YUAN[None, :] / budget[:, None]), 0)
    # A favourite is drawn from what they like anyway, and then stands out by habit.
    race = rng.standard_exponential(liking.shape) / np.exp(liking + _POPULARITY)
    favourites = np.argpartition(race, _FAVOURITES, axis=1)[:, :_FAVOURITES]
    liking[np.arange(count)[:, None], favourites] += habit[:, None]

    return Households(
        taste_type=taste_type, taste=taste, size=size, children=children, elderly=elderly,
        visits_per_week=visits, weekday=_draw_weekdays(rng, count), hour=_draw_hours(rng, count, elderly),
        lines=1 + 4 * rng.beta(2.0, 5.0, count),
        amount=np.clip((size / 3) ** 0.5 * rng.lognormal(0, 0.2, count), 0.3, 3),
        price_sensitivity=sensitivity, budget=budget, habit=habit, favourites=favourites,
        turn=np.clip(rng.normal(0, 0.4, count), -0.9, 0.9), turn_at=rng.uniform(0.15, 0.7, count), liking=liking,
    )  # fmt: skip


def _draw_weekdays(rng: np.random.Generator, count: int) -> Floats:
    """Two in five have a day (Friday or a weekend day most often) that takes most of their visits."""
    everyday = np.array([0.9, 0.88, 0.9, 0.92, 1.1, 1.2, 1.1])
    weights = rng.dirichlet(everyday * 3, count)
    fixed = rng.random(count) < 0.4  # noqa: PLR2004 -- share with a fixed day
    day = rng.choice(7, size=count, p=[0.08, 0.08, 0.09, 0.09, 0.24, 0.24, 0.18])
    strength = np.where(fixed, rng.uniform(0.55, 0.9, count), 0)
    weights *= (1 - strength)[:, None]
    weights[np.arange(count), day] += strength
    return weights * 7


def _draw_hours(rng: np.random.Generator, count: int, elderly: Ints) -> Floats:
    """Usual hour of the visit: morning (more so with old people at home), noon, after work, evening."""
    kind = rng.choice(4, size=count, p=[0.2, 0.1, 0.45, 0.25])
    kind = np.where((elderly > 0) & (rng.random(count) < 0.5), 0, kind)  # noqa: PLR2004 -- half of them go early
    return np.array([9.6, 12.4, 18.2, 20.1])[kind] + rng.normal(0, 0.5, count)
