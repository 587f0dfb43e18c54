"""Uploads are judged by what they are: pictures turned upright and stripped, everything else refused in plain words."""

import io
import struct
import zlib

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image, ImageEnhance, ImageOps
from PIL.PngImagePlugin import PngInfo

from communities.models import Asset
from communities.phash import bits_apart, perceptual_hash
from communities.selectors.content import lookalikes_of
from communities.services.content import uploading
from communities.services.content.history import SIMILAR_BITS
from communities.services.content.pictures import prepare_picture
from communities.services.content.refusals import UploadRefused
from communities.simulation import fruit
from tests.factories import AssetFactory, MaterialVersionFactory, StaffFactory

CREAM = ((255, 250, 228), (250, 228, 170))


def scene(draw=fruit.orange, *, count=6, size=0.3, side=400, ground=CREAM):
    return fruit.scene(ground=ground, items=fruit.heap(draw, count=count, size=size, seed=1), side=side)


def saved(picture, kind="JPEG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def keep(content, *, name="photo.jpg"):
    return uploading.keep_upload(file=ContentFile(content, name=name), by=None, at=timezone.now())


def refusal(content, *, name="photo.jpg"):
    with pytest.raises(UploadRefused) as refused:
        keep(content, name=name)
    return str(refused.value)


def boxes(*names, brand=b"isom"):
    body = struct.pack(">I4s4sI", 16, b"ftyp", brand, 0)
    return body + b"".join(struct.pack(">I4s", 16, name) + b"\0" * 8 for name in names)


@pytest.mark.django_db
def test_a_picture_is_kept_once_with_its_small_one_whoever_brings_it_under_whatever_name():
    content = saved(scene(side=1200))

    asset = keep(content)

    assert (asset.kind, asset.width, asset.height) == ("image", 1200, 1200)
    assert keep(content, name="别的名字.png") == asset
    assert Asset.objects.count() == 1
    with asset.thumbnail.open("rb") as file, Image.open(file) as small:
        assert (small.format, small.size) == ("JPEG", (480, 480))


def test_a_photo_taken_on_its_side_stands_upright_and_forgets_where_it_was_taken():
    picture = scene(side=300).crop((0, 0, 300, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90° clockwise
    exif.get_ifd(0x8825)[1] = "N"
    content = saved(picture, exif=exif, comment=b"secret place")

    made = prepare_picture(content)

    assert (made.width, made.height) == (200, 300)
    kept = Image.open(io.BytesIO(made.content))
    assert (dict(kept.getexif()), kept.info.get("comment")) == ({}, None)
    assert b"secret" not in made.content + made.thumbnail
    assert b"Exif" not in made.content + made.thumbnail


def test_what_a_drawing_tells_beside_its_pixels_is_dropped_and_its_glass_becomes_white():
    picture = Image.new("RGBA", (700, 700), (255, 0, 0, 0))
    info = PngInfo()
    info.add_text("XML:com.adobe.xmp", "secret")

    made = prepare_picture(saved(picture, "PNG", pnginfo=info))

    kept = Image.open(io.BytesIO(made.content))
    assert kept.format == "JPEG"
    assert kept.getpixel((350, 350)) == (255, 255, 255)
    assert b"secret" not in made.content


def test_a_huge_picture_is_brought_down_to_what_a_phone_shows():
    made = prepare_picture(saved(scene(side=600).resize((4000, 3000))))

    assert (made.width, made.height) == (2560, 1920)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA"])
def test_pictures_of_every_kind_of_colour_are_taken(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"

    assert prepare_picture(saved(scene(side=200).convert("L" if mode == "LA" else "RGB").convert(mode), kind)).width


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "文件是空的，请重新选择"),
        (b"hello", "这不是能用的图片，请上传 JPG、PNG 或 WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "这不是能用的图片，请上传 JPG、PNG 或 WebP"),
        (b"GIF89a" + b"\0" * 100, "这不是能用的图片，请上传 JPG、PNG 或 WebP"),
        (b"%PDF-1.7 " + b"\0" * 100, "这不是能用的图片，请上传 JPG、PNG 或 WebP"),
        (saved(Image.effect_noise((900, 900), 80))[:20_000], "图片文件已损坏，打不开，请换一张"),
        (b"\xff\xd8\xff" + b"\0" * (5 * 2**20), "图片最大 5 MB，这张有 5.0 MB，请压缩后再传"),
        (b"\0" * (50 * 2**20), "文件太大（50.0 MB）：图片最大 5 MB，视频最大 10 MB"),
        (
            boxes(brand=b"heic"),
            "苹果的 HEIC 照片微信打不开：请在手机「设置 - 相机 - 格式」选「兼容性最佳」，或截图后上传",
        ),
        (boxes(brand=b"qt  "), "MOV 视频微信打不开，请转成 MP4 再传"),
        (boxes(b"moov", b"mdat")[:-1], "视频文件不完整，请重新导出 MP4 再传"),
        (boxes(b"free", b"mdat"), "视频文件不完整，请重新导出 MP4 再传"),
    ],
    ids=["empty", "text", "svg", "gif", "pdf", "cut off", "heavy", "50 MB", "heic", "mov", "cut video", "no moov"],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_the_reason(content, reason):
    assert refusal(content) == reason
    assert Asset.objects.count() == 0


def png_claiming(width, height):
    """A small file that claims many pixels."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [
        (8000, 6000, "图片有 8000×6000 像素，太大了，最多 4,000 万像素"),
        (12_000, 9_000, "图片的像素太多，最多 4,000 万"),
        (60_000, 60_000, "图片的像素太多，最多 4,000 万"),
    ],
)
def test_a_bomb_is_refused_before_it_is_decoded(width, height, reason):
    assert refusal(png_claiming(width, height)) == reason


@pytest.mark.django_db
def test_a_video_is_known_by_its_content_and_not_by_its_name():
    asset = keep(boxes(b"moov", b"mdat"), name="photo.jpg")

    assert (asset.kind, asset.file.name.endswith(".mp4"), asset.thumbnail.name, asset.phash) == (
        "video", True, "", None,
    )  # fmt: skip


@pytest.mark.django_db
def test_two_who_bring_the_same_file_at_once_get_one_row_and_leave_one_file(tmp_path):
    content = saved(scene())
    first = keep(content)
    second = uploading._picture(content)
    second.sha256, second.uploaded_at = bytes(first.sha256), timezone.now()

    assert uploading._stored(second, bytes(first.sha256)) == first  # as if it had looked before the first was there
    assert len([one for one in tmp_path.rglob("*") if one.is_file()]) == 2  # the picture and its small one


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture.resize((150, 150)),
        lambda picture: Image.open(io.BytesIO(saved(picture, quality=30))),
        lambda picture: ImageEnhance.Brightness(picture).enhance(1.15),
        lambda picture: ImageEnhance.Color(picture).enhance(0.6),
        lambda picture: picture.crop((4, 4, 396, 396)),
    ],
    ids=["shrunk", "saved again", "brightened", "paled", "trimmed"],
)
def test_the_same_picture_in_another_dress_stays_within_a_few_bits(change):
    picture = scene()

    assert bits_apart(perceptual_hash(picture), perceptual_hash(change(picture))) <= SIMILAR_BITS


def test_other_pictures_are_further_apart():
    hashes = [
        perceptual_hash(scene(draw, count=count))
        for draw, count in ((fruit.orange, 6), (fruit.durian, 1), (fruit.pear, 3), (fruit.cherry, 15))
    ]
    hashes.append(perceptual_hash(ImageOps.mirror(scene(fruit.melon_slice, count=1, size=0.6))))

    apart = [bits_apart(one, other) for n, one in enumerate(hashes) for other in hashes[:n]]
    assert min(apart) > SIMILAR_BITS


def test_a_single_tone_is_like_nothing():
    assert perceptual_hash(Image.new("RGB", (300, 300), "#ffcc00")) is None


@pytest.mark.django_db
def test_a_picture_that_looks_like_anothers_is_recognised():
    asset = AssetFactory(phash=-1)
    alike = MaterialVersionFactory(pictures=[AssetFactory(phash=-1 ^ 0b111111)])
    MaterialVersionFactory(pictures=[AssetFactory(phash=-1 ^ 0b1111111)])

    assert lookalikes_of(asset, within=SIMILAR_BITS, user=StaffFactory()) == [alike.material]
