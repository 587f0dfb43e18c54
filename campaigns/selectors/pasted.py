"""A pasted 接龙 beside what the list already holds: goods by all their names, members by theirs."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from campaigns.models import Campaign, ChainEntry, ChainUnit, ItemStock
from campaigns.pasting.amending import Known, compare
from campaigns.pasting.lines import Goods, Line
from campaigns.pasting.reading import read_pasted
from campaigns.selectors.claims import GONE
from communities.models import GroupMembership
from members.models import Contact, Member
from stores.models import Store

LONGEST = 20_000  # characters of one paste
# What stands behind a product's name and nobody writes: "5 斤装", "（大果）", "JJ 级".
_SPEC = re.compile(
    r"[\d.]+\s*(?:公斤|kg|KG|斤|克|g|ml|L|升|粒|枚|个|盒|份|袋|箱|串)?(?:装|/\S+)?|[（(【\[].*?[)）】\]]|[A-Z]+级?$"
)
_HAN = re.compile(r"^[\u4e00-\u9fff]+$")
_TAIL = 2
_WEIGHT = re.compile(r"(\d+(?:\.\d+)?)\s*斤")
_MOST_NAMES = 5_000
_EXACT, _SEVERAL, _PART, _KNOWN = 95, 55, 70, 85


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a name may mean, and how sure that is (percent)."""

    member_id: int
    name: str
    sure: int


@dataclass(slots=True)
class Ask:
    """One thing of a line: the item read, how many, and which piece where pieces are sold."""

    item_id: int
    quantity: int
    is_piece: bool = False
    unit_id: int | None = None


@dataclass(slots=True)
class Read:
    """One line for the confirm screen: new, or an earlier entry that changed or was taken back."""

    place: int
    line: Line
    kind: str  # "add", "amend", "cancel"
    asks: list[Ask] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    entry: ChainEntry | None = None

    @property
    def sure(self) -> int:
        """How sure the reading is, in percent: every doubt takes its share."""
        return max(20, 100 - 25 * len(self.line.doubts))

    @property
    def is_taken(self) -> bool:
        """Whether the line is ticked before anybody looked: only where nothing was guessed."""
        return self.line.sure


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything a paste says: what to confirm, what stays as it is, and what was no entry."""

    rows: list[Read]
    unchanged: int
    ignored: list[str]


def read(*, campaign: Campaign, store: Store, text: str) -> Reading:
    """Read a pasted list against the one there is; the same few queries for any length."""
    stocks = list(
        ItemStock.objects.filter(item__campaign=campaign, store=store)
        .select_related("item__product")
        .order_by("item__position", "item_id")
    )
    goods = goods_of(stocks)
    pasted = read_pasted(text[:LONGEST], goods=goods)
    changes = compare(_known(campaign, store, goods), pasted.lines)
    entries = ChainEntry.objects.select_related("order").in_bulk(
        [known.key for known, _ in changes.amended] + [known.key for known in changes.cancelled]
    )
    names = _names(store)
    free = _free_pieces(stocks)
    pieces = {stock.item_id for stock in stocks if stock.item.by_piece}
    rows: list[Read] = []
    for kind, line, entry in [
        *(("add", line, None) for line in changes.added),
        *(("amend", line, entries[known.key]) for known, line in changes.amended),
        *(("cancel", known.line, entries[known.key]) for known in changes.cancelled),
    ]:
        row = Read(len(rows), line, kind, entry=entry, matches=match_name(line.name, names))
        row.asks = [one for want in line.wants for one in _asks(want.key, want.quantity, pieces, free, line)]
        rows.append(row)
    return Reading(rows, unchanged=len(changes.unchanged), ignored=pasted.ignored)


def goods_of(stocks: Sequence[ItemStock]) -> list[Goods]:
    """What may be asked for, with every name the group may use; a name two goods share is a doubt of the reader."""
    categories = Counter(stock.item.product.category for stock in stocks)
    return [Goods(key=str(stock.item_id), names=tuple(dict.fromkeys(_aliases(stock, categories)))) for stock in stocks]


def match_name(name: str, names: dict[str, list[tuple[int, str, int]]]) -> list[Match]:
    """Members a written name may mean, the surest first; nobody where nothing fits."""
    if not name:
        return []
    found = [Match(pk, full, sure if len(names[name]) == 1 else _SEVERAL) for pk, full, sure in names.get(name, [])]
    if not found and len(name) > 1:
        near = {pk: full for known, people in names.items() if name in known or (len(known) > 1 and known in name)
                for pk, full, _ in people}  # fmt: skip
        found = [Match(pk, full, _PART if len(near) == 1 else _SEVERAL) for pk, full in near.items()]
    return sorted(found, key=lambda match: -match.sure)[:5]


def _aliases(stock: ItemStock, categories: Counter[str]) -> Iterable[str]:
    item = stock.item
    for name in (item.name, item.product.name, item.product.variety):
        if not name:
            continue
        yield name
        short = _SPEC.sub("", name).strip(" ·-/")
        yield from (part for part in {short, short.replace(" ", ""), *short.split()} if len(part) >= _TAIL)
        if _HAN.match(short) and len(short) > _TAIL:
            yield short[-_TAIL:]
            yield short[:-_TAIL] if len(short) - _TAIL >= _TAIL else short
    category = item.product.category
    if category and categories[category] == 1:
        yield category


def _known(campaign: Campaign, store: Store, goods: Sequence[Goods]) -> list[Known]:
    pasted = ChainEntry.objects.filter(board__campaign=campaign, board__store=store).exclude(raw="")
    known = []
    for entry in pasted.exclude(order__state__in=GONE).order_by("number"):
        lines = read_pasted(entry.raw, goods=goods).lines
        if lines:
            known.append(Known(entry.pk, lines[0]))
    return known


def _names(store: Store) -> dict[str, list[tuple[int, str, int]]]:
    """Names in use → (member, full name, how sure): the groups' people first, then the store's own."""
    found: dict[str, dict[int, tuple[str, int]]] = defaultdict(dict)
    inside = GroupMembership.objects.filter(group__store=store, left_at=None, member__isnull=False)
    for pk, name in inside.values_list("member", "member__name").distinct():
        if name:
            found[name].setdefault(pk, (name, _EXACT))
    remarks = Contact.objects.filter(staff__store=store, ended_at=None).exclude(remark="")
    for pk, remark, name in remarks.values_list("member", "remark", "member__name")[:_MOST_NAMES]:
        found[remark].setdefault(pk, (name or remark, _KNOWN))
    if not found:
        own = Member.objects.filter(home_store=store, merged_into=None).exclude(name="")
        for pk, name in own.values_list("pk", "name")[:_MOST_NAMES]:
            found[name].setdefault(pk, (name, _KNOWN))
    return {name: [(pk, full, sure) for pk, (full, sure) in people.items()] for name, people in found.items()}


def _free_pieces(stocks: Sequence[ItemStock]) -> dict[int, list[ChainUnit]]:
    free: dict[int, list[ChainUnit]] = defaultdict(list)
    units = ChainUnit.objects.filter(stock__in=stocks, order=None, withdrawn_at=None).select_related("stock")
    for unit in units.order_by("number"):
        free[unit.stock.item_id].append(unit)
    return free


def _asks(key: str, quantity: int, pieces: set[int], free: dict[int, list[ChainUnit]], line: Line) -> list[Ask]:
    item_id = int(key)
    if item_id not in pieces:
        return [Ask(item_id, quantity)]
    # Which piece is meant nobody wrote: the nearest in weight is proposed, and said to be a guess.
    asks = []
    said = _WEIGHT.search(line.raw)
    for _ in range(min(quantity, 10)):
        left = free[item_id]
        if not left:
            line.doubt("没有剩下的了")
            asks.append(Ask(item_id, 1, is_piece=True))
            continue
        wanted = float(said[1]) * 500 if said else left[0].weight_g
        unit = min(left, key=lambda one: abs(one.weight_g - wanted))
        left.remove(unit)
        line.doubt("请核对是哪一个")
        asks.append(Ask(item_id, 1, is_piece=True, unit_id=unit.pk))
    return asks
