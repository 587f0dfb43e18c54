"""A store's receipts over the period: members' and anonymous visits, returns, numbering, and the rows themselves."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from members.simulation.baskets import Lines, Shoppers, draw_lines, draw_offers
from members.simulation.calendar import Period
from members.simulation.households import Households, draw_households
from members.simulation.people import People
from members.simulation.visits import Visits, draw_visits
from stores.models import Product
from stores.simulation.catalogue import CATALOGUE
from stores.simulation.chain import SimulatedStore
from stores.simulation.loading import NULL, Loader, texts
from stores.simulation.shelf import Shelf

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SOURCE = "pos"
BLOCK = 2_000  # members worked out at once: bounds the households × days matrices
_ANONYMOUS_PER_MEMBER_RECEIPT = 1 / 3  # a quarter of all receipts
_RETURN_SHARE = 0.01
_OPENS, _CLOSES = 8 * 3600 + 1800, 22 * 3600  # seconds of the day
_DAY = 86_400
_UNIT_LABELS = [Product.Unit(fruit.unit).label.removeprefix("按") for fruit in CATALOGUE]
_PAYMENTS = np.array(["微信支付", "支付宝", "现金", "银行卡"])
_ROWS = 50_000  # lines turned into text at once
_ANONYMOUS = -1


@dataclass(frozen=True, slots=True)
class Ledger:
    """Lines beside their receipts; `moment` is in seconds since the period began, `buyer` a member's position."""

    moment: Ints
    buyer: Ints
    payment: Ints
    lines: Lines

    def __len__(self) -> int:
        return len(self.moment)


@dataclass(frozen=True, slots=True)
class Block:
    """The truth about consecutive members of a store, from `offset` on."""

    offset: int
    households: Households
    visits: Visits
    buyers: Ints  # which of them were chosen to buy; `visits` are theirs, in this order


@dataclass(frozen=True, slots=True)
class _Trade:
    """The store's side of a sale."""

    period: Period
    shelf: Shelf
    offers: Ints
    lift: Floats
    first_day: int
    end_day: int


def simulate_store(
    *, store: SimulatedStore, people: People, shelf: Shelf, period: Period, seed: int, purchasing_share: float
) -> tuple[Ledger, list[Block]]:
    """All receipts of one store in the period, and what they were drawn from. Depends on seed and store alone."""
    rng = np.random.default_rng([seed, 4, store.index])
    first_day = period.days if store.opened_on is None else period.offset(store.opened_on)
    week_month = np.array([period.month[period.week == week][0] for week in range(int(period.week[-1]) + 1)])
    trade = _Trade(
        period=period, shelf=shelf, offers=draw_offers(rng, shelf=shelf, week_month=week_month),
        lift=period.lift * rng.lognormal(0, 0.1, period.days),
        first_day=first_day, end_day=period.offset(store.closed_on),
    )  # fmt: skip
    blocks, ledgers = [], []
    for offset in range(0, len(people.cards), BLOCK):
        block_rng = np.random.default_rng([seed, 5, store.index, offset])
        joined_on = people.joined_on[offset : offset + BLOCK]
        block, ledger = _simulate_members(block_rng, trade, offset, joined_on, purchasing_share)
        blocks.append(block)
        ledgers.append(ledger)
    receipts = sum(map(len, ledgers))
    ledgers.append(_simulate_anonymous(rng, trade, int(rng.poisson(receipts * _ANONYMOUS_PER_MEMBER_RECEIPT))))
    sold = _join(ledgers)
    return _join([sold, _draw_returns(rng, sold, trade)]), blocks


def _simulate_members(
    rng: np.random.Generator, trade: _Trade, offset: int, joined_on: list[date], purchasing_share: float
) -> tuple[Block, Ledger]:
    count = len(joined_on)
    households = draw_households(rng, count)
    buyers = np.flatnonzero(rng.random(count) < purchasing_share)
    chosen = households.take(buyers)
    since = np.array([(joined_on[i] - trade.period.start).days for i in buyers.tolist()], np.int64)
    first_day = np.clip(since, trade.first_day, trade.period.days)
    visits = draw_visits(
        rng, households=chosen, period=trade.period, lift=trade.lift, since=since, first_day=first_day,
        end_day=trade.end_day,
    )  # fmt: skip
    ledger = _fill(rng, trade, chosen, visits.member, visits.day, buyer=buyers[visits.member] + offset)
    return Block(offset=offset, households=households, visits=visits, buyers=buyers), ledger


def _simulate_anonymous(rng: np.random.Generator, trade: _Trade, count: int) -> Ledger:
    """Receipts without a card: every one by a household of its own, on days as busy as the calendar says."""
    span = slice(trade.first_day, trade.end_day)
    everyday = np.array([0.92, 0.9, 0.92, 0.94, 1.08, 1.14, 1.1])
    weight = trade.lift[span] * everyday[trade.period.weekday[span]]
    if not weight.size:
        count = 0
    parts = []
    for start in range(0, count, BLOCK) or [0]:
        number = min(BLOCK, count - start)
        days = rng.choice(len(weight), size=number, p=weight / weight.sum()) if number else np.empty(0, np.int64)
        households = draw_households(rng, number)
        nobody = np.full(number, _ANONYMOUS)
        parts.append(_fill(rng, trade, households, np.arange(number), days + trade.first_day, buyer=nobody))
    return _join(parts)


def _fill(
    rng: np.random.Generator, trade: _Trade, households: Households, household: Ints, day: Ints, *, buyer: Ints
) -> Ledger:
    second = households.hour[household] * 3600 + rng.normal(0, 2400, len(household))
    moment = day * _DAY + _within_hours(rng, second)
    shoppers = Shoppers(
        household=household, day=day, lines=households.lines[household], amount=households.amount[household],
        price_sensitivity=households.price_sensitivity[household],
    )  # fmt: skip
    lines = draw_lines(
        rng, shoppers=shoppers, liking=households.liking, shelf=trade.shelf, offers=trade.offers,
        month=trade.period.month, week=trade.period.week,
    )  # fmt: skip
    payment = rng.choice(4, size=len(moment), p=[0.66, 0.2, 0.09, 0.05])
    return Ledger(moment=moment, buyer=buyer, payment=payment, lines=lines)


def _within_hours(rng: np.random.Generator, second: Floats) -> Ints:
    """Seconds of the day, moved to any time while the shop is open where they fall outside."""
    spare = rng.uniform(_OPENS, _CLOSES, len(second))
    return np.where((second >= _OPENS) & (second < _CLOSES), second, spare).astype(np.int64)


def _draw_returns(rng: np.random.Generator, sold: Ledger, trade: _Trade) -> Ledger:
    """About one line in a hundred comes back whole within three days, on a receipt of its own, before trade ends."""
    lines = sold.lines
    back = np.flatnonzero(rng.random(len(lines.visit)) < _RETURN_SHARE)
    day = sold.moment[lines.visit[back]] // _DAY + rng.integers(1, 4, len(back))
    second = _within_hours(rng, rng.normal(15 * 3600, 9000, len(back)))
    in_time = day < trade.end_day
    back, moment = back[in_time], (day * _DAY + second)[in_time]
    receipt = lines.visit[back]
    returned = Lines(
        visit=np.arange(len(back)), line=np.ones(len(back), np.int64), article=lines.article[back],
        hundredths=-lines.hundredths[back], price_fen=lines.price_fen[back], paid_fen=-lines.paid_fen[back],
    )  # fmt: skip
    return Ledger(moment=moment, buyer=sold.buyer[receipt], payment=sold.payment[receipt], lines=returned)


def _join(ledgers: list[Ledger]) -> Ledger:
    """One ledger of all, its receipts in order of time."""
    moment = np.concatenate([ledger.moment for ledger in ledgers])
    order = np.argsort(moment, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    starts = np.cumsum([0, *map(len, ledgers)])
    visit = place[np.concatenate([ledger.lines.visit + starts[i] for i, ledger in enumerate(ledgers)])]
    by_receipt = np.argsort(visit, kind="stable")

    def column(name: str) -> Ints:
        return np.concatenate([getattr(ledger.lines, name) for ledger in ledgers])[by_receipt]

    return Ledger(
        moment=moment[order],
        buyer=np.concatenate([ledger.buyer for ledger in ledgers])[order],
        payment=np.concatenate([ledger.payment for ledger in ledgers])[order],
        lines=Lines(
            visit=visit[by_receipt], line=column("line"), article=column("article"), hundredths=column("hundredths"),
            price_fen=column("price_fen"), paid_fen=column("paid_fen"),
        ),
    )  # fmt: skip


def add_purchases(
    *,
    loader: Loader,
    store: SimulatedStore,
    ledger: Ledger,
    period: Period,
    first_member_id: int,
    product_ids: list[int],
) -> None:
    """Queue the rows of a store's receipts, numbered `20260105-0012` in order of time."""
    day = ledger.moment // _DAY
    number = np.arange(len(day)) - np.searchsorted(day, day, side="left") + 1
    stamps = np.datetime64(period.start, "s") + ledger.moment.astype("timedelta64[s]")
    at = [f"{text[:10]} {text[11:]}+08" for text in np.datetime_as_string(stamps).tolist()]
    receipt = [f"{text[:4]}{text[5:7]}{text[8:10]}-{n:04d}" for text, n in zip(at, number.tolist(), strict=True)]
    member = [NULL if b == _ANONYMOUS else str(first_member_id + b) for b in ledger.buyer.tolist()]
    payment = _PAYMENTS[ledger.payment].tolist()
    products = texts(product_ids)
    lines = ledger.lines
    for start in range(0, len(lines.visit), _ROWS):
        part = slice(start, start + _ROWS)
        visit = lines.visit[part].tolist()
        article = lines.article[part].tolist()
        loader.add(
            "members_purchase",
            {
                "store_id": [str(store.id)] * len(visit),
                "line": texts(lines.line[part].tolist()),
                "bought_at": [at[v] for v in visit],
                "member_id": [member[v] for v in visit],
                "product_id": [products[a] for a in article],
                "unit_price_fen": texts(lines.price_fen[part].tolist()),
                "paid_fen": texts(lines.paid_fen[part].tolist()),
                "quantity": [f"{h / 100:.2f}" for h in lines.hundredths[part].tolist()],
                "receipt": [receipt[v] for v in visit],
                "source": [SOURCE] * len(visit),
                "unit": [_UNIT_LABELS[a] for a in article],
                "payment": [payment[v] for v in visit],
            },
        )
