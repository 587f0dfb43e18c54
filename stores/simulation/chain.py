"""The chain itself: its region tree, its stores with their stage of life, and its staff."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from django.contrib.auth.hashers import make_password

from stores.models import Staff, Store
from stores.simulation.cities import AREA_CODES, CITIES, PLACES, ROADS, City
from stores.simulation.loading import Loader, flags, reserve_ids, texts
from stores.simulation.logins import DEMO_LOGINS, DEMO_PASSWORD
from stores.simulation.names import draw_names

_CITY_PREFIX = {"东莞", "中山"}  # cities without districts: their parts are streets
_ROAD_ENDS = ("路", "大道", "街")
_MALL_ENDS = ("城", "汇", "天虹", "广场", "天街")
_SHARE_OF_STAGE = {Store.Stage.FITOUT: 0.03, Store.Stage.OPENING: 0.04, Store.Stage.SUSPENDED: 0.03}
_ENOUGH_FOR_EVERY_STAGE = 10


@dataclass(slots=True)
class SimulatedStore:
    """What the rest of the simulation needs to know of one store; trade is `[opened_on, closed_on)`."""

    index: int  # 0-based; seeds the store's own random numbers
    id: int
    code: str
    name: str
    city: City
    stage: str
    fitout_on: date
    opened_on: date | None
    running_on: date | None
    suspended_on: date | None
    size: float  # its share of members, around 1
    staff_ids: list[int] = field(default_factory=list)

    @property
    def closed_on(self) -> date:
        """The first day without trade; the end of time while it trades."""
        return self.suspended_on or date.max


@dataclass(slots=True)
class Chain:
    """All stores, and how many rows were queued for regions and staff."""

    stores: list[SimulatedStore]
    demo_store: SimulatedStore


def build_chain(*, loader: Loader, stores: int, seed: int, until: date) -> Chain:
    """Queue regions, stores and staff for loading; the four demo logins are always among the staff."""
    rng = np.random.default_rng([seed, 0])
    cities = _choose_cities(stores)
    region_ids = _add_regions(loader, cities)
    drawn = _draw_stores(rng, cities, until)
    _add_stores(loader, rng, drawn, region_ids)
    demo_store = _demo_store(drawn)
    _add_staff(loader, rng, drawn, demo_store, region_ids)
    return Chain(stores=drawn, demo_store=demo_store)


def _choose_cities(count: int) -> list[City]:
    """The city of each store: a small chain fills few cities, so that a region always has several stores."""
    used = CITIES[: max(1, min(len(CITIES), count // 4))]
    numbers = share_out([city.weight for city in used], count - len(used))
    return [city for city, number in zip(used, numbers, strict=True) for _ in range(1 + number)]


def share_out(weights: Sequence[float], total: int) -> list[int]:
    """Whole numbers in proportion to the weights that add up to `total`, by largest remainder."""
    exact = np.array(weights, float)
    exact *= total / exact.sum()
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: total - int(counts.sum())]] += 1
    return [int(count) for count in counts]


def _add_regions(loader: Loader, cities: list[City]) -> dict[str, int]:
    """Queue 大区 → 省 → 城市 nodes; returns their ids by code."""
    nodes: dict[str, tuple[str, str | None, str]] = {}  # code → name, parent code, path
    for city in cities:
        area = AREA_CODES[city.area]
        province = city.code[:2]
        nodes.setdefault(area, (city.area, None, f"{area}/"))
        nodes.setdefault(province, (city.province, area, f"{area}/{province}/"))
        nodes.setdefault(city.code, (f"{city.name}市", province, f"{area}/{province}/{city.code}/"))
    first = reserve_ids("stores_region", len(nodes))
    ids = {code: first + i for i, code in enumerate(nodes)}
    loader.add(
        "stores_region",
        {
            "id": texts(ids.values()),
            "code": list(nodes),
            "name": [name for name, _, _ in nodes.values()],
            "parent_id": texts(parent and ids[parent] for _, parent, _ in nodes.values()),
            "path": [path for _, _, path in nodes.values()],
        },
    )
    return ids


def _draw_stages(rng: np.random.Generator, count: int) -> list[str]:
    stages: list[str] = []
    for stage, share in _SHARE_OF_STAGE.items():
        number = round(share * count)
        stages += [stage.value] * (max(1, number) if count >= _ENOUGH_FOR_EVERY_STAGE else number)
    stages += [Store.Stage.RUNNING.value] * (count - len(stages))
    # The first store always runs: the demo logins need one that does.
    return [Store.Stage.RUNNING.value, *(stages[i] for i in rng.permutation(count - 1).tolist())]


def _draw_stores(rng: np.random.Generator, cities: list[City], until: date) -> list[SimulatedStore]:
    count = len(cities)
    stages = _draw_stages(rng, count)
    first = reserve_ids("stores_store", count)
    names = _store_names(rng, cities)
    sizes = rng.lognormal(0, 0.35, count)
    age = rng.integers(200, 2900, count)
    recent = rng.integers(3, 28, count)
    stores = []
    for i, stage in enumerate(stages):
        opened_on: date | None = until - timedelta(days=int(age[i]))
        running_on = suspended_on = None
        match stage:
            case Store.Stage.FITOUT:
                opened_on = None
                fitout_on = until - timedelta(days=int(recent[i]))
            case Store.Stage.OPENING:
                opened_on = until - timedelta(days=int(recent[i]))
        if opened_on is not None:
            fitout_on = opened_on - timedelta(days=35 + int(recent[i]))
            if stage != Store.Stage.OPENING:
                running_on = opened_on + timedelta(days=30)
            if stage == Store.Stage.SUSPENDED:
                suspended_on = until - timedelta(days=int(recent[i]) * 3)
        stores.append(
            SimulatedStore(
                index=i, id=first + i, code=f"S{i + 1:05d}", name=names[i], city=cities[i], stage=stage,
                fitout_on=fitout_on, opened_on=opened_on, running_on=running_on, suspended_on=suspended_on,
                size=float(sizes[i]) * {Store.Stage.FITOUT: 0.1, Store.Stage.OPENING: 0.5}.get(Store.Stage(stage), 1),
            )
        )  # fmt: skip
    return stores


def _store_names(rng: np.random.Generator, cities: list[City]) -> list[str]:
    """深圳科技园店 while a city's places last, then with the district, then numbered."""
    names: list[str] = []
    queues: dict[str, list[str]] = {}
    for city in cities:
        if city.code not in queues:
            plain = [f"{city.name}{PLACES[i]}" for i in rng.permutation(len(PLACES))]
            parts = [f"{city.name}{district}{place}" for district in city.districts for place in PLACES]
            more = [parts[i] for i in rng.permutation(len(parts))]
            whole = plain + more
            queues[city.code] = [f"{name}店" for name in whole] + [f"{name}二店" for name in whole]
            queues[city.code].reverse()
        queue = queues[city.code]
        # Beyond two rounds the number in the code is what keeps a name its own.
        names.append(queue.pop() if queue else f"{city.name}{len(names) + 1}号店")
    return names


def _add_stores(
    loader: Loader, rng: np.random.Generator, stores: list[SimulatedStore], region_ids: dict[str, int]
) -> None:
    spread = rng.normal(0, 0.045, (len(stores), 2))
    house = rng.integers(1, 600, len(stores)).tolist()
    line = rng.integers(10_000_000, 99_999_999, len(stores)).tolist()
    district = rng.integers(0, 1000, len(stores)).tolist()
    loader.add(
        "stores_store",
        {
            "id": texts(store.id for store in stores),
            "code": [store.code for store in stores],
            "name": [store.name for store in stores],
            "region_id": texts(region_ids[store.city.code] for store in stores),
            "city": [store.city.name for store in stores],
            "city_tier": texts(store.city.tier for store in stores),
            "address": [_address(s, district[i], house[i]) for i, s in enumerate(stores)],
            "latitude": [f"{store.city.latitude + spread[i, 0]:.6f}" for i, store in enumerate(stores)],
            "longitude": [f"{store.city.longitude + spread[i, 1]:.6f}" for i, store in enumerate(stores)],
            "phone": [f"400-{number // 10_000:04d}-{number % 10_000:04d}" for number in line],
            "stage": [store.stage for store in stores],
            "fitout_on": texts(store.fitout_on for store in stores),
            "opened_on": texts(store.opened_on for store in stores),
            "running_on": texts(store.running_on for store in stores),
            "suspended_on": texts(store.suspended_on for store in stores),
            "created_at": [f"{store.fitout_on} 10:00:00+08" for store in stores],
        },
    )


def _address(store: SimulatedStore, draw: int, house: int) -> str:
    """Province, city, district, road and house; a name that holds its district, or is a road, keeps it."""
    city = store.city
    named = [part for part in city.districts if store.name.startswith(f"{city.name}{part}")]
    district = named[0] if named else city.districts[draw % len(city.districts)]
    kind = "街道" if city.name in _CITY_PREFIX else "区"
    province = "" if city.province == f"{city.name}市" else city.province
    place = store.name.removeprefix(city.name).removesuffix("店").removesuffix("二").removeprefix(district)
    where = f"{province}{city.name}市{district}{kind}"
    if place.endswith(_ROAD_ENDS):
        return f"{where}{place}{house}号"
    road = ROADS[draw % len(ROADS)]
    return f"{where}{road}{house}号{place}{'一楼' if place.endswith(_MALL_ENDS) else '旁'}"


def _demo_store(stores: list[SimulatedStore]) -> SimulatedStore:
    """A running store of the city with the most running ones, so that the region lead sees several."""
    running = [store for store in stores if store.stage == Store.Stage.RUNNING]
    busiest, _ = Counter(store.city.code for store in running).most_common(1)[0]
    return max((store for store in running if store.city.code == busiest), key=lambda store: store.size)


@dataclass(slots=True)
class _Person:
    username: str
    role: str
    store_id: int | None
    region_id: int | None
    joined_on: date


def _add_staff(
    loader: Loader,
    rng: np.random.Generator,
    stores: list[SimulatedStore],
    demo_store: SimulatedStore,
    region_ids: dict[str, int],
) -> None:
    start = min(store.fitout_on for store in stores)
    demo_region = demo_store.city.code
    staff = [_Person("hq", Staff.Role.HQ.value, None, None, start)]
    for code, region_id in region_ids.items():
        username = "region" if code == demo_region else f"qy{code.lower()}"
        staff.append(_Person(username, Staff.Role.REGION_LEAD.value, None, region_id, start))
    guides = rng.integers(1, 4, len(stores)).tolist()
    own: list[tuple[SimulatedStore, int]] = []
    for store, number in zip(stores, guides, strict=True):
        for i in range(1 + number):
            role = Staff.Role.GUIDE if i else Staff.Role.MANAGER
            username = f"{store.code.lower()}-{f'g{i}' if i else 'm'}"
            if store is demo_store and i <= 1:
                username = role.value
            own.append((store, len(staff)))
            staff.append(_Person(username, role.value, store.id, None, store.fitout_on))
    first = reserve_ids("stores_staff", len(staff))
    for store, position in own:
        store.staff_ids.append(first + position)
    demo_hash = make_password(DEMO_PASSWORD)
    loader.add(
        "stores_staff",
        {
            "id": texts(range(first, first + len(staff))),
            "password": [demo_hash if p.username in DEMO_LOGINS else make_password(None) for p in staff],
            "is_superuser": flags(False for _ in staff),
            "username": [person.username for person in staff],
            "name": draw_names(rng, rng.random(len(staff)) < 0.6),  # noqa: PLR2004 -- share of women
            "role": [person.role for person in staff],
            "store_id": texts(person.store_id for person in staff),
            "region_id": texts(person.region_id for person in staff),
            "is_active": flags(True for _ in staff),
            "is_staff": flags(False for _ in staff),
            "joined_at": [f"{person.joined_on} 09:00:00+08" for person in staff],
            "wecom_userid": [person.username for person in staff],
        },
    )
