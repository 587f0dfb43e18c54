"""Keep an uploaded picture or video: once, whatever it is called and whoever brings it."""

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile, File
from django.db import IntegrityError, transaction

from communities.models import Asset
from communities.services.content import pictures, videos
from communities.services.content.refusals import UploadRefused
from stores.models import Staff

MAX_BYTES = max(pictures.MAX_BYTES, videos.MAX_BYTES)


def keep_upload(*, file: "File[bytes]", by: Staff | None, at: datetime) -> Asset:
    """Store a file as what it is, not as what it is called; one that is here already is not stored again.

    :raises UploadRefused: it is empty, too large, broken, or neither a picture nor an MP4 video.
    """
    size = file.size or 0
    if not size:
        raise UploadRefused("文件是空的，请重新选择")
    if size > MAX_BYTES:
        limits = f"图片最大 {pictures.MAX_BYTES >> 20} MB，视频最大 {videos.MAX_BYTES >> 20} MB"
        raise UploadRefused(f"文件太大（{size / 2**20:.1f} MB）：{limits}")
    return keep_content(content=file.read(), by=by, at=at)


def keep_content(*, content: bytes, by: Staff | None, at: datetime) -> Asset:
    """The same for bytes at hand. :raises UploadRefused:"""
    digest = hashlib.sha256(content).digest()
    known = Asset.objects.filter(sha256=digest).first()
    if known is not None:
        return known
    asset = _video(content) if videos.is_boxed(content[:16]) else _picture(content)
    asset.sha256, asset.uploaded_by, asset.uploaded_at = digest, by, at
    return _stored(asset, digest)


def _video(content: bytes) -> Asset:
    videos.check_video(content)
    asset = Asset(kind=Asset.Kind.VIDEO, size=len(content))
    asset.file = ContentFile(content, name="video.mp4")
    return asset


def _picture(content: bytes) -> Asset:
    made = pictures.prepare_picture(content)
    asset = Asset(kind=Asset.Kind.IMAGE, size=len(made.content), width=made.width, height=made.height, phash=made.phash)
    asset.file = ContentFile(made.content, name="picture.jpg")
    asset.thumbnail = ContentFile(made.thumbnail, name="thumbnail.jpg")
    return asset


def _stored(asset: Asset, digest: bytes) -> Asset:
    """Write files and row; whoever comes second with the same file gets the first one's."""
    folder, name = digest.hex()[:2], digest.hex()[2:34]
    file, thumbnail = asset.file.file, asset.thumbnail.file if asset.thumbnail else None
    suffix = ".mp4" if asset.kind == Asset.Kind.VIDEO else ".jpg"
    asset.file.save(f"{folder}/{name}{suffix}", file, save=False)
    if thumbnail is not None:
        asset.thumbnail.save(f"{folder}/{name}-small.jpg", thumbnail, save=False)
    try:
        with transaction.atomic():
            asset.save(force_insert=True)
    except IntegrityError:
        asset.file.delete(save=False)
        if thumbnail is not None:
            asset.thumbnail.delete(save=False)
        return Asset.objects.get(sha256=digest)
    return asset
