"""Materials: made, revised in versions, archived, copied to a store. Posts keep the version they were planned with."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from communities import placeholders, tasks
from communities.models import Asset, Material, MaterialAsset, MaterialVersion, PostTask
from communities.services.content.refusals import ContentIncomplete, MaterialChanged
from stores.models import Staff, Store

TEXT_BYTES = 3_000  # of WeCom's 4,000; the rest is for what the placeholders become
MOST_FILES = 9
_TITLE_BYTES = {"link": 128, "miniprogram": 64}  # wecom.md §3.8
_DESCRIPTION_BYTES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a version says; `asset_ids` in the order they are sent."""

    text: str = ""
    product_id: int | None = None
    price_fen: int | None = None
    link_url: str = ""
    link_title: str = ""
    link_description: str = ""
    miniprogram_appid: str = ""
    miniprogram_page: str = ""
    expires_on: date | None = None
    asset_ids: tuple[int, ...] = ()


def content_of(version: MaterialVersion) -> Content:
    """What a stored version says."""
    files = version.placed.order_by("position").values_list("asset_id", flat=True)
    return Content(
        text=version.text, product_id=version.product_id, price_fen=version.price_fen, link_url=version.link_url,
        link_title=version.link_title, link_description=version.link_description,
        miniprogram_appid=version.miniprogram_appid, miniprogram_page=version.miniprogram_page,
        expires_on=version.expires_on, asset_ids=tuple(files),
    )  # fmt: skip


def check_content(content: Content) -> None:
    """Refuse what WeCom would refuse. :raises ContentIncomplete: too little, or beyond a limit of wecom.md §3.8."""
    if not (content.text.strip() or content.asset_ids or content.link_url or content.miniprogram_appid):
        raise ContentIncomplete("请写文案，或者加图片、视频、链接")
    _within(content.text, TEXT_BYTES, "文案")
    if content.link_url and content.miniprogram_appid:
        raise ContentIncomplete("链接卡片和小程序卡片只能选一种")
    if content.link_url or content.miniprogram_appid:
        if not content.link_title.strip():
            raise ContentIncomplete("请填写卡片标题")
        _within(content.link_title, _TITLE_BYTES["link" if content.link_url else "miniprogram"], "卡片标题")
        _within(content.link_description, _DESCRIPTION_BYTES, "卡片描述")
    if content.link_url and not _may_open(content.link_url):
        raise ContentIncomplete("链接要以 https:// 开头，或者用 {接龙链接}")
    has_card = bool(content.link_url or content.miniprogram_appid)
    pictures = Asset.objects.filter(pk__in=content.asset_ids, kind=Asset.Kind.IMAGE)
    has_cover = has_card and pictures.exists()
    if content.miniprogram_appid:
        if not content.miniprogram_page.strip():
            raise ContentIncomplete("请填写小程序页面路径")
        if not has_cover:
            raise ContentIncomplete("小程序卡片要有一张图片做封面")
    # The first picture of a material with a card is its cover and takes no place of its own.
    if len(content.asset_ids) + has_card - has_cover > MOST_FILES:
        raise ContentIncomplete(f"图片、视频和卡片一共最多 {MOST_FILES} 个")


def _may_open(url: str) -> bool:
    template = placeholders.parse(url)
    return url.startswith("https://") or (template.places == (placeholders.ORDER_LINK,) and not any(template.words))


def _within(text: str, limit: int, what: str) -> None:
    size = len(text.encode())
    if size > limit:
        raise ContentIncomplete(f"{what}太长：最多约 {limit // 3} 个汉字，现在多了约 {-(-(size - limit) // 3)} 个")


@transaction.atomic
def create_material(
    *, name: str, theme: str, content: Content, store: Store | None, by: Staff | None, at: datetime
) -> Material:
    """A new material with its first version; HQ's where there is no store. :raises ContentIncomplete:"""
    check_content(content)
    material = Material.objects.create(name=name, theme=theme, store=store, created_by=by, created_at=at)
    _add_version(material, content, number=1, by=by, at=at)
    return material


@transaction.atomic
def revise_material(
    *, material: Material, name: str, theme: str, content: Content, seen: int, by: Staff | None, at: datetime
) -> Material:
    """Save what changed: what it says becomes a new version, posts not yet released will use it.

    `seen` is the version the editor began with. :raises ContentIncomplete: :raises MaterialChanged: it is not current.
    """
    check_content(content)
    material = Material.objects.select_for_update(of=("self",)).select_related("current").get(pk=material.pk)
    current = material.current
    if current is None or current.number != seen:
        raise MaterialChanged
    material.name, material.theme = name, theme
    material.save(update_fields=["name", "theme"])
    if content != content_of(current):
        _add_version(material, content, number=current.number + 1, by=by, at=at)
        _plan_anew(material, at=at)
    return material


def archive_material(*, material: Material, at: datetime) -> None:
    """Take a material out of use: nothing new is planned with it; what was posted stays."""
    Material.objects.filter(pk=material.pk, archived_at=None).update(archived_at=at)
    _plan_anew(material, at=at)


def restore_material(*, material: Material) -> None:
    """Bring an archived material back into use."""
    Material.objects.filter(pk=material.pk).update(archived_at=None)


def copy_material(*, material: Material, store: Store | None, by: Staff | None, at: datetime) -> Material:
    """A store's (or HQ's) own material that says what this one says now, to be changed freely."""
    if material.current is None:
        raise ContentIncomplete("这份素材还没有内容")
    return create_material(
        name=material.name, theme=material.theme, content=content_of(material.current), store=store, by=by, at=at
    )


def _add_version(material: Material, content: Content, *, number: int, by: Staff | None, at: datetime) -> None:
    version = MaterialVersion.objects.create(
        material=material, number=number, text=content.text, product_id=content.product_id,
        price_fen=content.price_fen, link_url=content.link_url, link_title=content.link_title,
        link_description=content.link_description, miniprogram_appid=content.miniprogram_appid,
        miniprogram_page=content.miniprogram_page, expires_on=content.expires_on, made_by=by, made_at=at,
    )  # fmt: skip
    MaterialAsset.objects.bulk_create(
        MaterialAsset(version=version, asset_id=asset_id, position=position)
        for position, asset_id in enumerate(content.asset_ids)
    )
    material.current = version
    material.save(update_fields=["current"])
    tasks.check_links.delay_on_commit(version_id=version.pk)


def _plan_anew(material: Material, *, at: datetime) -> None:
    """Have the days worked out again on which this material stands and nothing was released yet."""
    waiting = PostTask.objects.filter(
        version__material=material, day__gte=timezone.localdate(at),
        state__in=(PostTask.State.PLANNED, PostTask.State.BLOCKED),
    )  # fmt: skip
    for day in waiting.order_by("day").values_list("day", flat=True).distinct():
        stores = None if material.store_id is None else [material.store_id]
        tasks.bulk_materialise.delay_on_commit(day=day.isoformat(), store_ids=stores)
