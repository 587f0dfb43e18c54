"""Reads of materials: whose one sees, how a list shows them, which picture looks like another."""

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from communities.models import Asset, Material, MaterialAsset
from stores.models import Product, Staff, Store
from stores.selectors import stores_for

HQ, STORE = "hq", "store"  # whose material it is
LIVE, ARCHIVED = "live", "archived"
MOST_CHOICES = 300


def materials_for(user: Staff) -> QuerySet[Material]:
    """HQ's materials, which everyone sees, and those of the stores this person may see."""
    return Material.objects.filter(Q(store=None) | Q(store__in=stores_for(user)))


def may_change(user: Staff, material: Material) -> bool:
    """HQ changes any; a manager those of the own store; region leads and guides look."""
    return user.is_hq or (
        user.role == Staff.Role.MANAGER and material.store_id is not None and material.store_id == user.store_id
    )


def may_add(user: Staff) -> bool:
    return user.is_hq or user.role == Staff.Role.MANAGER


def materials_matching(
    materials: QuerySet[Material], *, text: str = "", theme: str = "", owner: str = "", status: str = LIVE
) -> QuerySet[Material]:
    """Materials by what is searched for; an empty or unknown wish keeps all, an unknown status those in use."""
    if text.strip():
        wanted = text.strip()
        materials = materials.filter(
            Q(name__icontains=wanted) | Q(current__text__icontains=wanted) | Q(store__name__icontains=wanted)
        )
    if theme:
        materials = materials.filter(theme=theme)
    if owner in {HQ, STORE}:
        materials = materials.filter(store__isnull=owner == HQ)
    return materials.filter(archived_at__isnull=status != ARCHIVED)


def material_rows(materials: QuerySet[Material]) -> QuerySet[Material]:
    """Materials as a list shows them, last changed first: `cover` is the first picture's id, `files` how many."""
    placed = MaterialAsset.objects.filter(version=OuterRef("current")).order_by("position")
    pictures = placed.filter(asset__kind=Asset.Kind.IMAGE)
    count = placed.order_by().values("version").annotate(n=Count("pk")).values("n")
    return (
        materials.select_related("current__product", "store")
        .annotate(
            cover=Subquery(pictures.values("asset_id")[:1], output_field=BigIntegerField()),
            files=Subquery(count, output_field=IntegerField()),
        )
        .order_by(F("current__made_at").desc(nulls_last=True), "-pk")
    )


def assets_for(user: Staff) -> QuerySet[Asset]:
    """The files this person may look at: of materials he sees, and what he uploaded himself."""
    seen = MaterialAsset.objects.filter(asset=OuterRef("pk"), version__material__in=materials_for(user))
    return Asset.objects.filter(Q(uploaded_by=user) | Q(pk__in=seen.values("asset_id")))


class _BitsApart(Func):
    """How many bits of two 64-bit numbers differ."""

    template = "bit_count((%(expressions)s)::bit(64))"
    arg_joiner = " # "
    output_field = IntegerField()


def lookalikes_of(asset: Asset, *, within: int, user: Staff) -> list[Material]:
    """The materials this person sees whose current version shows a picture like this one."""
    if asset.phash is None:
        return []
    alike = (
        Asset.objects.exclude(pk=asset.pk)
        .filter(phash__isnull=False)
        .annotate(apart=_BitsApart(F("phash"), Value(asset.phash, output_field=BigIntegerField())))
        .filter(apart__lte=within)
    )
    return list(materials_for(user).filter(archived_at=None, current__assets__in=alike).distinct().order_by("pk")[:3])


def product_choices() -> QuerySet[Product]:
    """What a material may be about, for a list to choose from."""
    return Product.objects.filter(is_active=True).order_by("code")[:MOST_CHOICES]


def store_choices(user: Staff) -> QuerySet[Store]:
    """Stores to look at a material as; the running ones first."""
    is_idle = Case(When(stage=Store.Stage.RUNNING, then=0), default=1)
    return stores_for(user).order_by(is_idle, "code")[:MOST_CHOICES]
