"""Placeholders in a material's wording: {店名} and its like, and where they stand."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

STORE, MANAGER, PRODUCT, PRICE, STOCK, ORDER_LINK = "店名", "店长", "商品", "价格", "库存", "接龙链接"
DAY, WEEKDAY, PHONE, ADDRESS, CODE = "日期", "星期", "门店电话", "门店地址", "门店编码"
# In the order the editor offers them, with what each becomes.
KNOWN: Mapping[str, str] = {
    STORE: "门店名称", MANAGER: "店长姓名", PRODUCT: "商品名称",
    PRICE: "本店价格，如 19.9元/斤", STOCK: "本店库存，如 36 份",
    ORDER_LINK: "这个时段的接龙页面", DAY: "发送日期，如 11月22日", WEEKDAY: "如 周日", PHONE: "门店电话",
    ADDRESS: "门店地址", CODE: "门店编码，用在小程序页面里",
}  # fmt: skip
ABOUT_PRODUCT = frozenset({PRODUCT, PRICE, STOCK})

# A Chinese keyboard writes full-width braces, and thumbs leave spaces inside.
_PLACE = re.compile(r"[{｛][ \t\u3000]*([^{}｛｝\n]{1,12}?)[ \t\u3000]*[}｝]")


@dataclass(frozen=True, slots=True)
class Template:
    """A wording cut at its placeholders: `words` has one piece more than `places`."""

    words: tuple[str, ...]
    places: tuple[str, ...]

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with the values in place; a place without one stays as {it}, so that nobody overlooks it."""
        parts = [self.words[0]]
        for place, word in zip(self.places, self.words[1:], strict=True):
            parts += (values.get(place) or f"{{{place}}}", word)
        return "".join(parts)


@lru_cache(maxsize=4096)
def parse(text: str) -> Template:
    """Cut a wording at its placeholders, whatever braces they were typed with."""
    pieces = _PLACE.split(text)
    return Template(words=tuple(pieces[::2]), places=tuple(pieces[1::2]))


def places_of(texts: Iterable[str]) -> set[str]:
    """Every placeholder in the texts, known or not."""
    return {place for text in texts for place in parse(text).places}


def without_places(text: str) -> str:
    """The text with a full stop in each place: no word of the author reaches over it."""
    return "。".join(parse(text).words)
