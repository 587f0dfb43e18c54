"""An uploaded picture made ready: judged by what it is, turned upright, freed of where it was taken, kept in bounds."""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from communities.phash import perceptual_hash
from communities.services.content.refusals import UploadRefused
from wecom.client.media import LIMITS

MAX_BYTES = LIMITS["image"]
MAX_PIXELS = 40_000_000  # a decoded pixel is four bytes: what one request may cost
LONGEST = 2_560  # more is never shown on a phone
THUMBNAIL = 480
_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITIES = (90, 82, 70)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture as it is kept: JPEG, upright, without EXIF; `phash` is None for one that is nearly a single tone."""

    content: bytes
    thumbnail: bytes
    width: int
    height: int
    phash: int | None


def prepare_picture(content: bytes) -> Prepared:
    """Read an uploaded picture. :raises UploadRefused: it is no picture, or too large in bytes or pixels."""
    if len(content) > MAX_BYTES:
        raise UploadRefused(f"图片最大 {MAX_BYTES >> 20} MB，这张有 {len(content) / 2**20:.1f} MB，请压缩后再传")
    picture = _opened(content)
    is_drawn = picture.format != "JPEG"
    try:
        picture.draft("RGB", (LONGEST, LONGEST))
        upright = _plain(ImageOps.exif_transpose(picture))
    except _BOMBS:
        raise _too_many_pixels(*picture.size) from None
    except (OSError, SyntaxError, ValueError, EOFError):
        raise UploadRefused("图片文件已损坏，打不开，请换一张") from None
    upright.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    small = upright.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    return Prepared(
        content=_saved(upright, is_drawn=is_drawn), thumbnail=_saved(small, is_drawn=False), width=upright.width,
        height=upright.height, phash=perceptual_hash(upright),
    )  # fmt: skip


def _opened(content: bytes) -> Image.Image:
    """The picture, its pixels not read yet: a small file may hold a great many of them."""
    try:
        picture = Image.open(io.BytesIO(content), formats=_FORMATS)
    except _BOMBS:
        raise UploadRefused(f"图片的像素太多，最多 {MAX_PIXELS // 10_000:,} 万") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        raise UploadRefused("这不是能用的图片，请上传 JPG、PNG 或 WebP") from None
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_many_pixels(*picture.size)
    return picture


def _too_many_pixels(width: int, height: int) -> UploadRefused:
    return UploadRefused(f"图片有 {width}×{height} 像素，太大了，最多 {MAX_PIXELS // 10_000:,} 万像素")


def _plain(picture: Image.Image) -> Image.Image:
    """Three colours, what was transparent on white; of all that is told beside the pixels only the colour profile."""
    profile = picture.info.get("icc_profile") if picture.mode in {"RGB", "RGBA", "P"} else None
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        plain = Image.new("RGB", picture.size, "white")
        plain.paste(layered, mask=layered.getchannel("A"))
    else:
        plain = picture.convert("RGB")
    plain.info = {"icc_profile": profile} if profile else {}  # comments, EXIF and XMP may hold where it was taken
    return plain


def _saved(picture: Image.Image, *, is_drawn: bool) -> bytes:
    """JPEG small enough for WeCom; what was drawn keeps its sharp colours."""
    profile = picture.info.get("icc_profile")
    for quality in _QUALITIES:
        file = io.BytesIO()
        picture.save(
            file, "JPEG", quality=quality, optimize=True, progressive=True, icc_profile=profile,
            subsampling=0 if is_drawn else 2,
        )  # fmt: skip
        if file.tell() <= MAX_BYTES:
            return file.getvalue()
    raise UploadRefused(f"图片压缩后仍超过 {MAX_BYTES >> 20} MB，请换一张")
