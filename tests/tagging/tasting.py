"""A small fruit shop for tests about taste: the sample chain's fruit, a crowd that buys, and one member to look at."""

from datetime import datetime

import numpy as np

from members.services.partitions import BUSINESS_ZONE
from stores.simulation.catalogue import CATALOGUE
from tagging.recommending import reasons, signals
from tagging.recommending.crowd import read_crowd
from tagging.recommending.facts import Catalogue, History
from tagging.recommending.members import certainty
from tagging.services.tastes import FRUIT_AXES

TODAY = 900
PLACE = {fruit.variety: place for place, fruit in enumerate(CATALOGUE)}
WORDS = [reasons.AxisWords(name, liked, disliked) for _, name, liked, disliked in FRUIT_AXES]
NAMES = [axis[1] for axis in FRUIT_AXES]


def moment(day: str, hour: int = 10) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=BUSINESS_ZONE)


def shop() -> Catalogue:
    kinds = sorted({fruit.category for fruit in CATALOGUE})
    return Catalogue(
        category=np.asarray([kinds.index(fruit.category) for fruit in CATALOGUE], np.int32),
        taste=np.asarray([fruit.taste for fruit in CATALOGUE], np.float32),
        offered=np.ones(len(CATALOGUE), bool),
    )


def histories(her: list[tuple[str, int]], *, crowd: int = 300) -> History:
    """A crowd that buys by popularity, and as member 0 one who bought each variety so many days ago."""
    drawn = np.random.default_rng(3)
    share = np.asarray([fruit.popularity for fruit in CATALOGUE])
    rows = [(0, PLACE[variety], TODAY - ago) for variety, ago in her]
    for member in range(1, crowd + 1):
        for product in drawn.choice(len(CATALOGUE), 12, p=share / share.sum()):
            rows.append((member, int(product), int(TODAY - drawn.integers(0, 700))))  # noqa: PERF401 -- read as told
    rows.sort()
    return History.of(*zip(*rows, strict=True), members=crowd + 1)


def taste_of(her: list[tuple[str, int]]) -> tuple[np.ndarray, np.ndarray, str]:
    """Her leaning and its certainty by axis, and the sentence told of her."""
    history = histories(her)
    crowd = read_crowd(history, shop(), as_of=TODAY, horizon=28)
    pairs = signals.read_pairs(history, crowd=crowd, products=len(CATALOGUE))
    leaning = signals.preference(pairs, crowd=crowd, members=history.members)
    sure = certainty(pairs, leaning, crowd=crowd)
    return leaning[0], sure[0], reasons.profile_sentence(leaning[0].tolist(), sure[0].tolist(), WORDS)
