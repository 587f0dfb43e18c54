"""Posters as pictures: the bait large, the code clear, the store's name below.

The page to print (`communities/poster.html`) uses the fonts of whoever prints it and is the main way. PNG and PDF are
drawn here, and only where the server has a Chinese font: the repository carries none.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
# Preferred first; (bold, regular), as file names.
_FONTS = (
    ("NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc"),
    ("NotoSansSC-Bold.otf", "NotoSansSC-Regular.otf"),
    ("SourceHanSansSC-Bold.otf", "SourceHanSansSC-Regular.otf"),
    ("PingFang.ttc", "PingFang.ttc"),
    ("msyhbd.ttc", "msyh.ttc"),
    ("wqy-zenhei.ttc", "wqy-zenhei.ttc"),
    ("wqy-microhei.ttc", "wqy-microhei.ttc"),
)
_SC_FACE = {"NotoSansCJK-Bold.ttc": 2, "NotoSansCJK-Regular.ttc": 2}  # a collection: JP, KR, SC, TC, HK

DPI = 300
SIZE = (1748, 2480)  # A5
_GREEN, _DEEP, _INK, _MUTED, _PAPER, _WARM = "#0c7a3c", "#0a6b38", "#1d2939", "#586572", "#ffffff", "#ffd24a"
_MARGIN = 130


@dataclass(frozen=True, slots=True)
class Poster:
    """What a poster says. `address` is what the code holds."""

    address: str
    bait: str
    store: str
    action: str  # 加店长微信 / 进店里的福利群
    place: str = ""  # the store's street address


def code_svg(address: str) -> str:
    """The code alone, as SVG without a size of its own; a quarter of it may be smudged."""
    picture = io.BytesIO()
    segno.make(address, error="q", micro=False).save(
        picture, kind="svg", border=0, dark=_INK, omitsize=True, xmldecl=False, svgclass=None, lineclass=None
    )
    return picture.getvalue().decode()


@lru_cache(maxsize=1)
def fonts() -> tuple[Path, Path] | None:
    """The bold and the regular Chinese font of this machine, or None."""
    files: dict[str, Path] = {}
    for folder in _FOLDERS:
        for path in Path(folder).rglob("*.[to]t[cf]"):
            files.setdefault(path.name, path)
    for bold, regular in _FONTS:
        if bold in files and regular in files:
            return files[bold], files[regular]
    return None


def png(poster: Poster) -> bytes:
    """The poster as PNG, A5 at 300 dpi. :raises LookupError: this machine has no Chinese font."""
    return _saved(_drawn(poster), "PNG")


def pdf(poster: Poster) -> bytes:
    """The poster as a PDF of one A5 page. :raises LookupError: this machine has no Chinese font."""
    return _saved(_drawn(poster), "PDF")


def _saved(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    if kind == "PDF":
        picture.save(file, kind, resolution=DPI, quality=95)
    else:
        picture.save(file, kind, dpi=(DPI, DPI), optimize=True)
    return file.getvalue()


def _font(*, bold: bool, size: int) -> ImageFont.FreeTypeFont:
    found = fonts()
    if found is None:
        raise LookupError("服务器上没有中文字体")
    path = found[0] if bold else found[1]
    return ImageFont.truetype(path, size, index=_SC_FACE.get(path.name, 0))


def _drawn(poster: Poster) -> Image.Image:
    width, height = SIZE
    picture = Image.new("RGB", SIZE, _GREEN)
    pen = ImageDraw.Draw(picture)
    for row in range(height):  # from deep to bright green, so that a large print does not look flat
        share = row / height
        pen.line([(0, row), (width, row)], fill=(int(10 + 8 * share), int(90 + 60 * share), int(48 + 30 * share)))
    pen.ellipse([(width - 620, -420), (width + 420, 620)], fill="#12803f")
    pen.ellipse([(-520, height - 620), (420, height + 320)], fill="#12803f")

    _centred(pen, poster.store, top=150, size=84, bold=False, fill="#d9f0e2", limit=width - 2 * _MARGIN)
    bottom = _wrapped(pen, poster.bait, top=300, size=190, fill=_WARM, limit=width - 2 * _MARGIN)

    side = 1180
    left, top = (width - side) // 2, max(bottom + 90, 800)
    pen.rounded_rectangle([(left, top), (left + side, top + side)], radius=64, fill=_PAPER)
    code = _code(poster.address, side - 220)
    picture.paste(code, ((width - code.width) // 2, top + (side - code.height) // 2))

    below = top + side + 80
    _centred(pen, f"微信扫一扫，{poster.action}", top=below, size=92, bold=True, fill=_PAPER, limit=width - 2 * _MARGIN)
    if poster.place:
        _centred(
            pen, poster.place, top=height - 170, size=52, bold=False, fill="#d9f0e2", limit=width - 2 * _MARGIN
        )  # fmt: skip
    return picture


def _code(address: str, side: int) -> Image.Image:
    """The code in whole pixels per module, as near to `side` as they allow: a blurred edge is a code that fails."""
    code = segno.make(address, error="q", micro=False)
    modules = code.symbol_size(scale=1, border=0)[0]
    file = io.BytesIO()
    code.save(file, kind="png", scale=max(1, side // modules), border=0, dark=_INK)
    file.seek(0)
    return Image.open(file).convert("RGB")


def _centred(pen: ImageDraw.ImageDraw, text: str, *, top: int, size: int, bold: bool, fill: str, limit: int) -> None:
    """One line in the middle, smaller where it would be too wide."""
    font = _font(bold=bold, size=size)
    while font.getlength(text) > limit and size > 24:  # noqa: PLR2004 -- smaller cannot be read
        size -= 4
        font = _font(bold=bold, size=size)
    pen.text(((SIZE[0] - font.getlength(text)) / 2, top), text, font=font, fill=fill)


def _wrapped(pen: ImageDraw.ImageDraw, text: str, *, top: int, size: int, fill: str, limit: int) -> int:
    """Large lines in the middle, at most two. Returns where they end."""
    font = _font(bold=True, size=size)
    lines = _lines(text, font, limit)
    while len(lines) > 2 and size > 60:  # noqa: PLR2004 -- two lines
        size -= 10
        font = _font(bold=True, size=size)
        lines = _lines(text, font, limit)
    for line in lines:
        pen.text(((SIZE[0] - font.getlength(line)) / 2, top), line, font=font, fill=fill)
        top += int(size * 1.25)
    return top


def _lines(text: str, font: ImageFont.FreeTypeFont, limit: int) -> list[str]:
    """The text in lines of about equal width."""
    count = max(1, -(-int(font.getlength(text)) // limit))
    lines: list[str] = []
    line = ""
    aim = font.getlength(text) / count
    for character in text:
        if line and (
            font.getlength(line + character) > limit or (font.getlength(line) >= aim and len(lines) < count - 1)
        ):
            lines.append(line)
            line = ""
        line += character
    return [*lines, line] if line else lines
