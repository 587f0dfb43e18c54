"""Fruit drawn by arithmetic: the sample chain has pictures of its own, and the repository carries none."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Grid = npt.NDArray[np.float64]
Colour = tuple[int, int, int]
_HUSK = 118  # as far as a durian's spikes stand on its face
_TILE = 320  # a fruit is drawn this large and then shrunk to its place
_GREEN, _STEM = (94, 158, 62), (122, 88, 48)


def _grid() -> tuple[Grid, Grid]:
    axis = np.linspace(-1.08, 1.08, _TILE)
    x, y = np.meshgrid(axis, axis)
    return x, y


def _body(outline: Callable[[Grid, Grid], Grid], near: Colour, far: Colour) -> Image.Image:
    """A shape (1 at its edge, less within) lit from the upper left, from its bright to its dark colour."""
    x, y = _grid()
    edge = outline(x, y)
    light = np.clip(np.hypot(x + 0.38, y + 0.42) / 1.5, 0, 1)[..., None] ** 1.25
    colour = np.array(near) * (1 - light) + np.array(far) * light
    shine = np.exp(-(((x + 0.4) / 0.2) ** 2 + ((y + 0.46) / 0.14) ** 2))[..., None]
    colour = colour + (255 - colour) * 0.62 * shine
    alpha = np.clip((1 - edge) * 42, 0, 1)[..., None] * 255
    pixels = np.concatenate([colour, alpha], axis=2).clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels, "RGBA")


def _round(x: Grid, y: Grid) -> Grid:
    return np.hypot(x, y)


def _leaf(tile: Image.Image, *, top: int = 20) -> Image.Image:
    pen = ImageDraw.Draw(tile)
    middle = _TILE // 2
    pen.line([(middle, top + 34), (middle + 8, top - 8)], fill=_STEM, width=10)
    leaf = Image.new("RGBA", (120, 60))
    ImageDraw.Draw(leaf).chord([(0, -26), (118, 60)], 12, 168, fill=_GREEN)
    tile.alpha_composite(leaf.rotate(24, expand=True, resample=Image.Resampling.BICUBIC), (middle + 2, 0))
    return tile


def orange() -> Image.Image:
    return _leaf(_body(_round, (255, 176, 48), (226, 100, 6)))


def apple() -> Image.Image:
    return _leaf(
        _body(lambda x, y: np.hypot(x * 1.02, y + 0.16 * np.exp(-((x / 0.3) ** 2))), (244, 92, 74), (158, 16, 30))
    )


def mango() -> Image.Image:
    def outline(x: Grid, y: Grid) -> Grid:
        u, v = x * 0.82 + y * 0.57, -x * 0.57 + y * 0.82
        return np.hypot(u / 0.98, v / (0.72 + 0.1 * u))

    return _body(outline, (255, 206, 70), (238, 118, 30))


def pear() -> Image.Image:
    def outline(x: Grid, y: Grid) -> Grid:
        return np.hypot(x / (0.5 + 0.34 / (1 + np.exp(-5 * (y + 0.05)))), y * 1.02)

    return _leaf(_body(outline, (240, 224, 130), (186, 152, 48)), top=8)


def kiwi() -> Image.Image:
    tile = _body(_round, (150, 112, 66), (104, 74, 40))
    pen = ImageDraw.Draw(tile)
    middle = _TILE / 2
    for radius, colour in ((128, (176, 206, 82)), (112, (142, 190, 52)), (40, (236, 240, 196))):
        pen.ellipse([middle - radius, middle - radius, middle + radius, middle + radius], fill=colour)
    for angle in np.linspace(0, 2 * np.pi, 26, endpoint=False):
        reach = 56 + 10 * (round(angle * 13) % 2)
        a, b = middle + reach * np.cos(angle), middle + reach * np.sin(angle)
        pen.ellipse([a - 5, b - 5, a + 5, b + 5], fill=(38, 34, 20))
    return tile


def dragon_fruit() -> Image.Image:
    tile = _body(_round, (246, 74, 136), (196, 24, 92))
    pen = ImageDraw.Draw(tile)
    middle = _TILE / 2
    pen.ellipse([middle - 118, middle - 118, middle + 118, middle + 118], fill=(214, 30, 96))
    rng = np.random.default_rng(3)
    for _ in range(130):
        angle, reach = rng.uniform(0, 2 * np.pi), 106 * np.sqrt(rng.uniform())
        a, b = middle + reach * np.cos(angle), middle + reach * np.sin(angle)
        pen.ellipse([a - 3, b - 4, a + 3, b + 4], fill=(40, 8, 26))
    return tile


def strawberry() -> Image.Image:
    def outline(x: Grid, y: Grid) -> Grid:
        return np.hypot(x / (0.86 - 0.42 * np.clip(y, -0.4, 1)), y * 1.03)

    tile = _body(outline, (252, 92, 88), (190, 14, 34))
    pen = ImageDraw.Draw(tile)
    for row in range(5):
        for column in range(-2, 3):
            a, b = _TILE / 2 + column * (46 - 5 * row) + (row % 2) * 18, 96 + row * 40
            if abs(a - _TILE / 2) < 118 - row * 20:
                pen.ellipse([a - 4, b - 7, a + 4, b + 7], fill=(255, 214, 120))
    for angle in (-60, -30, 0, 30, 60):
        leaf = Image.new("RGBA", (_TILE, _TILE))
        ImageDraw.Draw(leaf).polygon([(160, 20), (142, 64), (160, 96), (178, 64)], fill=_GREEN)
        tile.alpha_composite(leaf.rotate(angle, center=(160, 34), resample=Image.Resampling.BICUBIC))
    return tile


def cherry() -> Image.Image:
    tile = _body(lambda x, y: np.hypot(x / 0.82, (y - 0.14) / 0.84), (196, 30, 60), (88, 4, 24))
    ImageDraw.Draw(tile).line([(160, 64), (176, 24), (214, 0)], fill=(110, 130, 52), width=7)
    return tile


def blueberry() -> Image.Image:
    tile = _body(_round, (112, 128, 196), (38, 42, 104))
    ImageDraw.Draw(tile).regular_polygon((160, 104, 34), 5, fill=(32, 34, 84))
    return tile


def grape() -> Image.Image:
    return _body(_round, (206, 228, 122), (122, 162, 46))


def durian() -> Image.Image:
    x, y = _grid()
    spikes = 0.92 + 0.09 * np.abs(np.sin(9 * np.arctan2(y, x)))
    tile = _body(lambda a, b: np.hypot(a, b * 1.05) / spikes, (214, 196, 84), (120, 108, 34))
    pen = ImageDraw.Draw(tile)
    for row in range(7):
        for column in range(7):
            a, b = 58 + column * 34 + (row % 2) * 17, 62 + row * 33
            if np.hypot(a - 160, b - 160) < _HUSK:
                pen.polygon([(a - 15, b + 14), (a, b - 16), (a + 15, b + 14)], fill=(168, 152, 56))
                pen.polygon([(a, b - 16), (a + 15, b + 14), (a + 3, b + 14)], fill=(128, 114, 38))
    return tile


def melon_slice() -> Image.Image:
    tile = Image.new("RGBA", (_TILE, _TILE))
    pen = ImageDraw.Draw(tile)
    for inset, colour in ((8, (44, 122, 52)), (22, (214, 236, 190)), (34, (236, 66, 72))):
        pen.pieslice([inset, inset - 110, _TILE - inset, _TILE - inset - 60], 0, 180, fill=colour)
    for a, b in ((92, 118), (130, 150), (160, 112), (192, 152), (228, 118), (160, 188)):
        pen.ellipse([a - 6, b - 9, a + 6, b + 9], fill=(48, 22, 20))
    return tile


def star() -> Image.Image:
    tile = Image.new("RGBA", (_TILE, _TILE))
    points = [
        (
            160 + (150 if n % 2 == 0 else 62) * np.sin(n * np.pi / 5),
            168 - (150 if n % 2 == 0 else 62) * np.cos(n * np.pi / 5),
        )
        for n in range(10)
    ]
    ImageDraw.Draw(tile).polygon(points, fill=(255, 196, 48))
    return tile


@lru_cache(maxsize=32)
def _drawn(draw: Callable[[], Image.Image]) -> Image.Image:
    return draw()


Item = tuple[Callable[[], Image.Image], float, float, float, float]  # what, x, y and size as shares of the side, angle


def scene(*, ground: tuple[Colour, Colour], items: list[Item], side: int = 1080) -> Image.Image:
    """Fruit on a table before a wall of two colours, the items from back to front."""
    rows = np.linspace(0, 1, side)[:, None, None]
    wall = (np.array(ground[0]) * (1 - rows) + np.array(ground[1]) * rows).astype(np.uint8)
    picture = Image.fromarray(np.broadcast_to(wall, (side, side, 3)).copy(), "RGB")
    pen = ImageDraw.Draw(picture)
    pen.ellipse([-side * 0.3, side * 0.66, side * 1.3, side * 1.5], fill=tuple(int(c * 0.94) for c in ground[1]))
    shade = Image.new("L", picture.size)
    for _, x, y, size, _ in items:
        ImageDraw.Draw(shade).ellipse(
            [(x - size * 0.46) * side, (y + size * 0.3) * side, (x + size * 0.5) * side, (y + size * 0.56) * side],
            fill=96,
        )
    small = shade.resize((side // 4, side // 4)).filter(ImageFilter.GaussianBlur(7))
    picture.paste(Image.new("RGB", picture.size, (52, 44, 30)), mask=small.resize(picture.size))
    for draw, x, y, size, angle in items:
        length = int(size * side)
        tile = _drawn(draw).resize((length, length), Image.Resampling.LANCZOS)
        turned = tile.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
        picture.paste(turned, (int(x * side - turned.width / 2), int(y * side - turned.height / 2)), turned)
    return picture


def heap(draw: Callable[[], Image.Image], *, count: int, size: float, seed: int) -> list[Item]:
    """A heap of one fruit: rows that grow narrower upwards, each piece a little askew."""
    rng = np.random.default_rng(seed)
    items: list[Item] = []
    width, left, level = 1, count, 0
    while left > 0:
        left -= width
        width, level = width + 1, level + 1
    rows = level
    for row in range(rows):
        pieces = row + 1
        for piece in range(pieces):
            x = 0.5 + (piece - (pieces - 1) / 2) * size * 0.86 + rng.normal(0, 0.01)
            y = 0.76 - (rows - 1 - row) * size * 0.68 + rng.normal(0, 0.008)
            items.append((draw, x, y, size, float(rng.normal(0, 12))))
    return items


def bunch(draw: Callable[[], Image.Image], *, rows: int, size: float) -> list[Item]:
    """A hanging bunch: rows that grow narrower downwards."""
    items: list[Item] = []
    for row in range(rows):
        pieces = rows - row if row else rows - 1
        for piece in range(pieces):
            x = 0.5 + (piece - (pieces - 1) / 2) * size * 0.84
            items.append((draw, x, 0.24 + row * size * 0.72, size, 0.0))
    return items
