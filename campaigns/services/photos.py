"""Photos of goods, straight from a phone's camera: upright, without where they were taken, small enough for a phone."""

import hashlib
import io

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from PIL import Image

from campaigns.errors import CampaignRefusal
from communities.services.content.pictures import prepare_picture
from communities.services.content.refusals import UploadRefused

LARGE, SMALL = 1_080, 360
_MOST_BYTES = 25 * 1024 * 1024


def keep_photo(*, file: "File[bytes]", folder: str) -> str:
    """Store a photo and its thumbnail (`-small` beside it); its name in storage. :raises CampaignRefusal: no photo"""
    if not file.size:
        raise CampaignRefusal("照片是空的，请重新拍")
    if file.size > _MOST_BYTES:
        raise CampaignRefusal("照片太大，请重新拍一张")
    return keep_picture(content=file.read(), folder=folder)


def keep_picture(*, content: bytes, folder: str) -> str:
    """The same for bytes at hand. :raises CampaignRefusal: no photo"""
    try:
        upright = prepare_picture(content).content
    except UploadRefused as refusal:
        raise CampaignRefusal(str(refusal)) from None
    digest = hashlib.sha256(content).hexdigest()
    stem = f"{folder}/{digest[:2]}/{digest[2:34]}"
    for name, longest, quality in ((f"{stem}-small.jpg", SMALL, 72), (f"{stem}.jpg", LARGE, 80)):
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(_scaled(upright, longest, quality)))
    return f"{stem}.jpg"


def _scaled(content: bytes, longest: int, quality: int) -> bytes:
    picture = Image.open(io.BytesIO(content))
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()
