"""An uploaded video: MP4 by its content, and complete."""

import struct
from collections.abc import Iterator

from communities.services.content.refusals import UploadRefused
from wecom.client.media import LIMITS

MAX_BYTES = LIMITS["video"]
_MOST_BOXES = 1_000
_HEAD = 8
_STILLS = {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"}  # pictures in the same container
_APPLE = b"qt  "


def is_boxed(head: bytes) -> bool:
    """Whether a file begins as MP4 and its kin do."""
    return head[4:8] == b"ftyp"


def check_video(content: bytes) -> None:
    """Make sure that a file is an MP4 video that WeCom takes. :raises UploadRefused:"""
    brand = content[8:12]
    if brand in _STILLS:
        raise UploadRefused("苹果的 HEIC 照片微信打不开：请在手机「设置 - 相机 - 格式」选「兼容性最佳」，或截图后上传")
    if brand == _APPLE:
        raise UploadRefused("MOV 视频微信打不开，请转成 MP4 再传")
    if len(content) > MAX_BYTES:
        raise UploadRefused(f"视频最大 {MAX_BYTES >> 20} MB，这个有 {len(content) / 2**20:.1f} MB，请剪短或压缩后再传")
    if not {b"moov", b"mdat"} <= set(_boxes(content)):
        raise UploadRefused("视频文件不完整，请重新导出 MP4 再传")


def _boxes(content: bytes) -> Iterator[bytes]:
    """The names of the outermost boxes; one that reaches beyond the end was cut off and is left out."""
    place = 0
    for _ in range(_MOST_BOXES):
        if place + _HEAD > len(content):
            return
        size, name = struct.unpack_from(">I4s", content, place)
        if size == 1 and place + 2 * _HEAD <= len(content):
            (size,) = struct.unpack_from(">Q", content, place + _HEAD)
        elif size == 0:  # to the end of the file
            size = len(content) - place
        if size < _HEAD or place + size > len(content):
            return
        yield name
        place += size
