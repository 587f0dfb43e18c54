"""What materials need to know of stores to be rendered and checked, gathered in the same few queries for any number."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from django.db.models import Case, When

from communities import order_links, placeholders
from communities.models import Asset, MaterialAsset, MaterialVersion
from stores.models import Staff, Store, StoreProduct
from stores.templatetags.fmt import per_unit, stock, weekday


@dataclass(frozen=True, slots=True)
class Shelved:
    """A product as it stands in one store; `stock` in grams for 按斤."""

    price_fen: int
    stock: int
    on_sale: bool


@dataclass(frozen=True, slots=True)
class StoreFacts:
    name: str
    code: str
    phone: str
    address: str
    manager: str


@dataclass(frozen=True, slots=True)
class Use:
    """One material version in one store, in one slot of one day."""

    store_id: int
    version_id: int
    day: date
    slot_number: int


@dataclass(frozen=True, slots=True)
class Facts:
    versions: dict[int, MaterialVersion]
    assets: dict[int, list[Asset]]  # by version, in the order they are sent
    stores: dict[int, StoreFacts]
    shelf: dict[tuple[int, int], Shelved]  # by store and product
    links: dict[order_links.Wanted, str]

    def shelved(self, store_id: int, version: MaterialVersion) -> Shelved | None:
        """What the store has of the product; None where it has none or the version is about no product."""
        return None if version.product_id is None else self.shelf.get((store_id, version.product_id))

    def values(self, use: Use) -> dict[str, str]:
        """What each known placeholder becomes; one without a value is missing or empty."""
        version, store = self.versions[use.version_id], self.stores[use.store_id]
        values = {
            placeholders.STORE: store.name, placeholders.CODE: store.code, placeholders.MANAGER: store.manager,
            placeholders.PHONE: store.phone, placeholders.ADDRESS: store.address,
            placeholders.DAY: f"{use.day.month}月{use.day.day}日", placeholders.WEEKDAY: weekday(use.day),
            placeholders.ORDER_LINK: self.links.get(_wanted(use, version), ""),
        }  # fmt: skip
        shelved = self.shelved(use.store_id, version)
        if version.product is not None:
            unit = version.product.unit
            values[placeholders.PRODUCT] = version.product.name
            if shelved is not None:
                values[placeholders.STOCK] = stock(shelved.stock, unit)
        price_fen = version.price_fen if version.price_fen is not None or shelved is None else shelved.price_fen
        if price_fen is not None:
            values[placeholders.PRICE] = spoken_price(price_fen, version.product.unit if version.product else "")
        return values


def spoken_price(fen: int, unit: str) -> str:
    """A price as a message says it: `19.9元/斤`."""
    whole, rest = divmod(fen, 100)
    number = f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)
    return f"{number}元{per_unit(unit) if unit else ''}"


def quoted(values: dict[str, str]) -> dict[str, str]:
    """The values as they may stand inside an address; a whole address stays one."""
    return {
        place: value if place == placeholders.ORDER_LINK else quote(value, safe="") for place, value in values.items()
    }


def texts_of(version: MaterialVersion) -> tuple[str, ...]:
    """Everything in a version that may hold placeholders."""
    return (
        version.text, version.link_title, version.link_description, version.link_url, version.miniprogram_page,
    )  # fmt: skip


def gather(uses: Collection[Use]) -> Facts:
    """The facts about the versions and stores of these uses: versions, files, stores, managers, shelf, order pages."""
    ids = {use.version_id for use in uses}
    versions = MaterialVersion.objects.select_related("material", "product").in_bulk(ids)
    assets: dict[int, list[Asset]] = {pk: [] for pk in versions}
    for placed in MaterialAsset.objects.filter(version__in=ids).select_related("asset").order_by("position"):
        assets[placed.version_id].append(placed.asset)
    return facts_about(versions, assets, uses)


def facts_about(versions: dict[int, MaterialVersion], assets: dict[int, list[Asset]], uses: Collection[Use]) -> Facts:
    """The same for versions at hand, be they stored or just being written."""
    store_ids = {use.store_id for use in uses}
    products = {version.product_id for version in versions.values() if version.product_id is not None}
    return Facts(
        versions=versions, assets=assets, stores=_stores(store_ids), shelf=_shelf(store_ids, products),
        links=_links(uses, versions),
    )  # fmt: skip


def _stores(ids: Collection[int]) -> dict[int, StoreFacts]:
    people = Staff.objects.filter(store__in=ids, role=Staff.Role.MANAGER, is_active=True)
    # As `directory.manager_of`: one WeCom knows before one it does not, then the older row; the last written wins.
    is_known = Case(When(wecom_userid="", then=0), default=1)
    managers = dict(people.order_by(is_known, "-pk").values_list("store_id", "name"))
    rows = Store.objects.filter(pk__in=ids).values_list("pk", "name", "code", "phone", "address")
    return {
        pk: StoreFacts(name=name, code=code, phone=phone, address=address, manager=managers.get(pk, ""))
        for pk, name, code, phone, address in rows
    }


def _shelf(store_ids: Collection[int], product_ids: Collection[int]) -> dict[tuple[int, int], Shelved]:
    if not product_ids:
        return {}
    rows = StoreProduct.objects.filter(product__in=product_ids, store__in=store_ids)
    return {
        (store_id, product_id): Shelved(price_fen=price_fen, stock=amount, on_sale=on_sale)
        for store_id, product_id, price_fen, amount, on_sale in rows.values_list(
            "store_id", "product_id", "price_fen", "stock", "on_sale"
        )
    }


def _wanted(use: Use, version: MaterialVersion) -> order_links.Wanted:
    return order_links.Wanted(
        store_id=use.store_id, product_id=version.product_id, day=use.day, slot_number=use.slot_number
    )


def _links(uses: Collection[Use], versions: dict[int, MaterialVersion]) -> dict[order_links.Wanted, str]:
    asking = {
        pk for pk, version in versions.items()
        if placeholders.ORDER_LINK in placeholders.places_of(texts_of(version))
    }  # fmt: skip
    wanted = {_wanted(use, versions[use.version_id]) for use in uses if use.version_id in asking}
    return order_links.resolve(wanted) if wanted else {}
