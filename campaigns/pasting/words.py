"""The words a pasted 接龙 is made of: numbers as people write them, units, and what only looks like a number."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "俩": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_HAN = "零〇一二两俩三四五六七八九十百"
UNITS = "份个盒箱袋串件只条提包瓶篮枚颗板筐组套桶罐把捆打"
_WEIGHTS = "公斤|千克|kg|KG|Kg|斤|克|g"

_NUMBER = rf"(?:\d{{1,4}}(?:\.\d+)?|[{_HAN}]{{1,4}}|半)"
# A number with a unit, or marked as a count (+1, x2, ×2, *2), or standing alone.
QUANTITY = re.compile(
    rf"(?P<sign>[+xX×*])\s*(?P<signed>{_NUMBER})\s*(?P<signed_unit>[{UNITS}])?"
    rf"|(?P<counted>{_NUMBER})\s*(?P<unit>[{UNITS}])(?![号栋楼室])"
    rf"|(?P<weight>{_NUMBER})\s*(?:{_WEIGHTS})(?P<about>左右|上下|以内|以上|的|装)?"
    r"|(?<![\d.])(?P<bare>\d{1,2})(?![\d.])"
)
# Digits that are an hour, a house, a price, a date or a telephone.
NOT_A_COUNT = re.compile(
    r"1\d{10}|\d{5,}|[A-Za-z]?\d{1,4}\s*[-—]\s*\d{1,4}(?:\s*[-—]\s*\d{1,4})?"
    r"|\d{1,2}[:：]\d{2}|\d{1,2}\s*点(?:半|\d{1,2}分?)?|[一二三四五六七八九十]{1,2}点半?"
    r"|\d{1,4}\s*(?:号楼?|栋|幢|座|楼|层|室|单元|期|弄|元|块钱?|毛|月|日|分钟|小时|天|岁|%)"
    r"|[￥¥]\s*\d+(?:\.\d+)?|周[一二三四五六日天]|星期[一二三四五六日天]|礼拜[一二三四五六日天]|[一二三]号"
    r"|[一二三四五六七八九十]+(?:栋|楼|单元|号)"
)
EACH = re.compile(r"各要?来?")
CANCELLED = re.compile(r"取消|不要了|不定了|不买了|退了|退掉|撤销|跑单")
AMENDED = re.compile(r"改成|改为|改要|换成|改")
FOR_OTHERS = re.compile(r"帮[^\s,]{1,6}(?:带|拿|接|订)|给[^\s,]{1,6}(?:带|拿|接|订)|代[^\s,]{1,4}接")
UNSURE = re.compile(r"[?？吗]|还是|或者|或|要不|看看|还有没有|还有么|随便|都行|几[个份盒]|多少")


def plain(text: str) -> str:
    """Full-width to half-width, odd spaces to one kind; length may change, the raw line is kept elsewhere."""
    text = unicodedata.normalize("NFKC", text)
    text = text.replace("十十", "十")
    return re.sub(r"[\u200b-\u200f\ufe0f\u2060\u2005\u00a0\t]+", " ", text)


def number(text: str) -> float | None:
    """What a number means: 2, 两, 十二, 半 (0.5); nothing where it makes no sense (二三)."""
    if text == "半":
        return 0.5
    if text[0].isdigit():
        return float(text)
    if len(text) == 1:
        return {"十": 10.0, "百": 100.0}.get(text, float(_DIGITS.get(text, 0)))
    if "百" in text:
        return None
    match = re.fullmatch(r"([一二两三四五六七八九])?十([一二三四五六七八九])?", text)
    if match is None:
        return None
    tens, ones = match.groups()
    return (_DIGITS[tens] if tens else 1) * 10.0 + (_DIGITS[ones] if ones else 0)
