"""Reads of stores; `stores_for` is the one door to store data."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from stores.models import Department, Region, Staff, Store, StoreProduct

STORE_SORTS = ("code", "name", "city", "city_tier", "stage", "opened_on", "staff_count", "on_sale_count")


def stores_for(user: Staff | AnonymousUser) -> QuerySet[Store]:
    """The stores this user may see: all for HQ, the subtree for a region lead, one for store staff.

    Every page, API and export reads store data through here; a row outside is a 404, never a 403.
    """
    if not isinstance(user, Staff) or not user.is_active:
        return Store.objects.none()
    match user.role:
        case Staff.Role.HQ:
            return Store.objects.all()
        case Staff.Role.REGION_LEAD if user.region is not None:
            return Store.objects.filter(region__path__startswith=user.region.path)
        case Staff.Role.MANAGER | Staff.Role.GUIDE if user.store_id is not None:
            return Store.objects.filter(pk=user.store_id)
        case _:
            return Store.objects.none()


def store_rows(stores: QuerySet[Store], *, sort: str = "code") -> QuerySet[Store]:
    """Stores as a list shows them: region, managers, people at work, articles on sale; `-` sorts downwards.

    An unknown `sort` falls back to the code. Ties and unknown dates come last, so that no row jumps between pages.
    """
    name = sort.removeprefix("-")
    if name not in STORE_SORTS:
        name, sort = "code", "code"
    order = F(name).desc(nulls_last=True) if sort.startswith("-") else F(name).asc(nulls_last=True)
    managers = Staff.objects.filter(role=Staff.Role.MANAGER, is_active=True).order_by("pk")
    return (
        stores.select_related("region")
        .prefetch_related(Prefetch("staff", queryset=managers, to_attr="managers"))
        .annotate(
            staff_count=_count_of(Staff.objects.filter(store=OuterRef("pk"), is_active=True)),
            on_sale_count=_count_of(StoreProduct.objects.filter(store=OuterRef("pk"), on_sale=True)),
        )
        .order_by(order, "pk")
    )


def stores_matching(stores: QuerySet[Store], *, text: str) -> QuerySet[Store]:
    """The stores whose name, code or city holds the text, or whose manager's name does."""
    wanted = text.strip()
    if not wanted:
        return stores
    manager = Staff.objects.filter(
        store=OuterRef("pk"), role=Staff.Role.MANAGER, is_active=True, name__icontains=wanted
    )
    return stores.filter(
        Q(name__icontains=wanted) | Q(code__icontains=wanted) | Q(city__icontains=wanted) | Exists(manager)
    )


def stores_without_manager(stores: QuerySet[Store]) -> QuerySet[Store]:
    """The stores that still trade, or will, and have nobody in charge."""
    manager = Staff.objects.filter(store=OuterRef("pk"), role=Staff.Role.MANAGER, is_active=True)
    return stores.exclude(stage=Store.Stage.SUSPENDED).filter(~Exists(manager))


def regions_for(user: Staff) -> QuerySet[Region]:
    """The regions this person may choose from, parents before children."""
    match user.role:
        case Staff.Role.HQ:
            return Region.objects.order_by("path")
        case Staff.Role.REGION_LEAD if user.region is not None:
            return Region.objects.filter(path__startswith=user.region.path).order_by("path")
        case _:
            return Region.objects.none()


def shelf_rows(store: Store, *, text: str = "") -> QuerySet[StoreProduct]:
    """What lies on a store's shelf, on sale first; `text` is looked for in name, code and category."""
    wanted = text.strip()
    unsorted = Case(When(product__category__in=["", "其他"], then=1), default=0)
    rows = store.shelf.select_related("product").order_by("-on_sale", unsorted, "product__category", "product__code")
    if not wanted:
        return rows
    return rows.filter(
        Q(product__name__icontains=wanted) | Q(product__code__icontains=wanted) | Q(product__category__icontains=wanted)
    )


def staff_of(store: Store) -> QuerySet[Staff]:
    """Who works in a store today, managers first."""
    is_guide = Case(When(role=Staff.Role.GUIDE, then=1), default=0)
    return store.staff.filter(is_active=True).order_by(is_guide, "pk")


def may_change_shelf(user: Staff, store: Store) -> bool:
    """Prices and stock are the business of the store's manager and of HQ."""
    return user.is_hq or (user.role == Staff.Role.MANAGER and user.store_id == store.pk)


def unmatched_departments() -> QuerySet[Department]:
    """Departments whose people belong to no store: without one of their own, right above, or in any below."""
    alive = Department.objects.filter(deleted_at=None)
    below = alive.filter(parent_number=OuterRef("pk"))
    above = alive.filter(pk=OuterRef("parent_number"), store__isnull=False)
    return alive.filter(~Exists(below), ~Exists(above), store=None).exclude(parent_number=0)


def _count_of(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("store").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
