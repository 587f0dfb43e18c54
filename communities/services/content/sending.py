"""Turn our attachments into WeCom's just before a send: its media ids live three days, our files stay."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any, Literal, TypeVar

from django.conf import settings
from django.core.cache import cache
from PIL import Image as Picture
from PIL import ImageOps

from communities.models import Asset, PostContent
from wecom.client.content import Attachment, ContentRefused, Image, Link, MiniProgram, Video
from wecom.client.errors import Treatment, WeComRefused
from wecom.gateway import WeCom, wecom

T = TypeVar("T")
Form = Literal["media", "address", "cover"]
_LIVES = {"media": timedelta(days=2), "cover": timedelta(days=2), "address": timedelta(days=300)}
_COVER = (520, 416)  # of a mini-program card (wecom.md §3.8)
_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".mp4": "video/mp4"}


def wecom_attachments(content: PostContent, *, at: datetime, gateway: WeCom | None = None) -> list[Attachment]:
    """The attachments of a content as WeCom takes them now; files it may have forgotten are uploaded again.

    :raises ContentRefused: a file is gone or breaks a limit.
    :raises WeComError: it would not take an upload.
    """
    uploads = _Uploads(gateway or wecom(), at=at)
    files = Asset.objects.in_bulk(_asset_ids(content.attachments))
    return [_attachment(one, files, uploads) for one in content.attachments]


def with_attachments(
    content: PostContent, *, at: datetime, use: Callable[[list[Attachment]], T], gateway: WeCom | None = None
) -> T:
    """Send with a content's attachments; where WeCom has forgotten a file (40007), upload all again and send once more.

    :raises ContentRefused: :raises WeComError: as `wecom_attachments` and `use` do.
    """
    try:
        return use(wecom_attachments(content, at=at, gateway=gateway))
    except WeComRefused as refusal:
        if refusal.treatment is not Treatment.REUPLOAD:
            raise
    forget_uploads(content)
    return use(wecom_attachments(content, at=at, gateway=gateway))


def forget_uploads(content: PostContent) -> None:
    """Have every file of a content uploaded again when it is next sent."""
    forms: tuple[Form, ...] = ("media", "cover", "address")
    cache.delete_many([_key(asset_id, form) for asset_id in _asset_ids(content.attachments) for form in forms])


def _asset_ids(attachments: Sequence[dict[str, Any]]) -> set[int]:
    return {one[name] for one in attachments for name in ("asset", "cover") if name in one}


def _key(asset_id: int, form: Form) -> str:
    return f"communities:upload:{settings.WECOM_CORP_ID}:{asset_id}:{form}"


class _Uploads:
    """What WeCom calls our files; known ones come from the cache, so one picture goes up once for 5,000 owners."""

    def __init__(self, gateway: WeCom, *, at: datetime) -> None:
        self._gateway = gateway
        self._at = at

    def media_id(self, asset: Asset) -> str:
        kind: Literal["image", "video"] = "image" if asset.kind == Asset.Kind.IMAGE else "video"
        return self._known(asset, "media", lambda: self._gateway.media.upload(kind=kind, **_file(asset)))

    def cover_id(self, asset: Asset) -> str:
        return self._known(asset, "cover", lambda: self._gateway.media.upload(kind="image", **_cover(asset)))

    def address(self, asset: Asset) -> str:
        """A lasting address for a link card; WeCom allows 1,000 new ones a day, so each picture gets one."""
        return self._known(asset, "address", lambda: self._gateway.media.upload_permanent_image(**_file(asset)))

    def _known(self, asset: Asset, form: Form, upload: Callable[[], str]) -> str:
        # The moment of upload is kept and compared with `at`: on a clock that is advanced, Redis would not forget.
        known: tuple[str, datetime] | None = cache.get(_key(asset.pk, form))
        if known is not None and known[1] <= self._at < known[1] + _LIVES[form]:
            return known[0]
        name = upload()
        cache.set(_key(asset.pk, form), (name, self._at), timeout=_LIVES[form].total_seconds())
        return name


def _attachment(one: dict[str, Any], files: dict[int, Asset], uploads: _Uploads) -> Attachment:
    if "asset" in one:
        asset = _found(files, one["asset"])
        media_id = uploads.media_id(asset)
        return Image(media_id=media_id) if asset.kind == Asset.Kind.IMAGE else Video(media_id=media_id)
    if "url" in one:
        picurl = uploads.address(_found(files, one["cover"])) if "cover" in one else ""
        return Link(title=one["title"], url=one["url"], picurl=picurl, desc=one.get("description", ""))
    if "cover" not in one:
        raise ContentRefused("小程序卡片没有封面图")
    cover = uploads.cover_id(_found(files, one["cover"]))
    return MiniProgram(title=one["title"], pic_media_id=cover, appid=one["appid"], page=one["page"])


def _found(files: dict[int, Asset], asset_id: int) -> Asset:
    if asset_id not in files:
        raise ContentRefused("素材文件已不在，请重新上传")
    return files[asset_id]


def _read(asset: Asset) -> bytes:
    try:
        with asset.file.open("rb") as file:
            return bytes(file.read())
    except OSError:
        raise ContentRefused("素材文件已不在，请重新上传") from None


def _file(asset: Asset) -> dict[str, Any]:
    name = PurePosixPath(asset.file.name or "").name
    return {"name": name, "content": _read(asset), "media_type": _TYPES[PurePosixPath(name).suffix]}


def _cover(asset: Asset) -> dict[str, Any]:
    """The picture cut to the shape of a mini-program's card."""
    with Picture.open(BytesIO(_read(asset))) as picture:
        cut = ImageOps.fit(picture.convert("RGB"), _COVER, Picture.Resampling.LANCZOS)
    file = BytesIO()
    cut.save(file, "JPEG", quality=88, optimize=True)
    return {"name": "cover.jpg", "content": file.getvalue(), "media_type": "image/jpeg"}
