"""Reading a 接龙 as members wrote it in the group: who wants what, how many, and how sure that reading is.

A line is *sure* only where nothing had to be guessed. Everything else carries its doubts in Chinese and goes to the
confirm screen; a wrong reading that claims to be sure is the one failure not allowed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from campaigns.pasting import words
from campaigns.pasting.lines import Goods, Line, Pasted, Want
from campaigns.pasting.tokens import Token, tokens_of

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 50  # pieces; more is asked about
_LONG_NAME = 8

_NUMBERED = re.compile(r"^\s*[(（\[【]?(?P<number>\d{1,3})\s*(?:[.、。,)）\]】:：]|(?=\s))\s*(?P<rest>.*)$")
_HEADER = re.compile(r"^\s*(?:#\s*(?:接龙|Group Note)|[-—=_*~·]{3,}|例[:：\s]|示例|格式|样例)", re.IGNORECASE)
_SPOKEN = re.compile(r"^(?P<name>[^:：\d][^:：]{0,19})[:：]\s*(?P<rest>.+)$")
_STAMP = re.compile(
    r"^\s*(?P<name>\S.{0,19}?)\s+(?:(?:今天|昨天|上午|下午|晚上|中午|早上)\s*)?\d{1,2}:\d{2}(?::\d{2})?\s*$"
)
_QUOTED = re.compile(r"^\s*(?:「.*」|“.*”|\[引用\].*|回复\s*\S+[:：]?.*)\s*$")
_TALK = re.compile(
    r"截单|截止|接龙开始|接龙啦|自提|到货|包邮|团购|好的|收到|谢谢|辛苦|大家|欢迎|链接|今日|今晚上新|https?:"
)
_SYSTEM = re.compile(r"撤回了一条消息|加入了?群聊|邀请.+加入|拍了拍")


def read_pasted(text: str, *, goods: Sequence[Goods]) -> Pasted:
    """Read a whole list. With one item, a bare +1 means that item."""
    lines: list[Line] = []
    ignored: list[str] = []
    speaker = ""
    rows = [row for row in text.replace("\r", "\n").split("\n") if row.strip()]
    numbered = sum(1 for row in rows if _numbered(words.plain(row)))
    for raw in rows:
        plain = words.plain(raw).strip()
        match = _numbered(plain)
        if match:
            line = _entry(raw, number=int(match["number"]), rest=match["rest"], goods=goods)
        elif numbered and not _continues(plain, goods):
            line = None
        elif stamp := _STAMP.match(plain):
            speaker, line = stamp["name"], None
            ignored.append(raw)
            continue
        else:
            line = _spoken(raw, plain, speaker=speaker, goods=goods)
            speaker = ""
        if line is None:
            ignored.append(raw)
        else:
            lines.append(line)
    _doubt_repeats(lines)
    return Pasted(lines, ignored)


def _numbered(plain: str) -> re.Match[str] | None:
    if _HEADER.match(plain) or _SYSTEM.search(plain):
        return None
    match = _NUMBERED.match(plain)
    # "10:30 自提" and "29.9元/5斤" begin with digits but are no entries.
    if (
        match
        and re.match(r"\s*\d{1,4}\s*(?:[:：.]\d|元|块|点|斤|%|份起|人)", plain)
        and not re.match(r"\s*\d+[.]\s", plain)
    ):
        return None
    return match


def _continues(plain: str, goods: Sequence[Goods]) -> bool:
    """Whether a line without a number among numbered ones is an entry all the same: "张三: 芒果+1"."""
    match = _SPOKEN.match(plain)
    if not match or _TALK.search(plain) or _HEADER.match(plain) or _QUOTED.match(plain):
        return False
    return any(token.kind != "note" for token in tokens_of(match["rest"], goods))


def _spoken(raw: str, plain: str, *, speaker: str, goods: Sequence[Goods]) -> Line | None:
    """A chat message as an entry: "小李：芒果2份", or the message below "小李 10:23"."""
    if _HEADER.match(plain) or _QUOTED.match(plain) or _SYSTEM.search(plain):
        return None
    match = _SPOKEN.match(plain)
    name, rest = (match["name"].strip(), match["rest"]) if match else (speaker, plain)
    found = tokens_of(rest, goods)
    if not any(token.kind in {"item", "count"} for token in found) and not words.CANCELLED.search(rest):
        return None
    if _TALK.search(rest) and not (name and any(token.kind == "count" for token in found)):
        return None
    line = Line(raw, name=name)
    if name:
        _read_wants(line, rest, goods)
    else:
        _read_entry(line, rest, goods)
    line.doubt("没有序号")
    return line


def _entry(raw: str, *, number: int, rest: str, goods: Sequence[Goods]) -> Line | None:
    if not rest.strip(" .、,-—_"):
        return None
    line = Line(raw, number=number)
    _read_entry(line, rest, goods)
    return line


def _read_entry(line: Line, rest: str, goods: Sequence[Goods]) -> None:
    """Split a nickname from what follows it; the group's own form puts the nickname first, then a space."""
    rest = rest.strip()
    first, _, after = rest.partition(" ")
    colon = _SPOKEN.match(rest)
    if colon and " " not in colon["name"]:
        line.name, body = colon["name"], colon["rest"]
    elif after and not _only_goods(first, goods):
        line.name, body = _longer_name(first, after, goods)
    else:
        cut = _first_goods(rest, goods)
        line.name, body = rest[:cut], rest[cut:]
    line.name = line.name.strip(" ,，、:：.-—+")
    _read_wants(line, body, goods)
    if not line.name and line.note and " " not in line.note and len(line.note) <= _LONG_NAME:
        line.name, line.note = line.note, ""
        line.doubt("称呼写在后面")
    if not line.name:
        line.doubt("没有称呼")


def _only_goods(word: str, goods: Sequence[Goods]) -> bool:
    """Whether a word is nothing but goods and a count: "芒果2份"; a nickname may hold either, not just both."""
    found = tokens_of(word, goods)
    covered = sum(token.end - token.start for token in found if token.kind != "note")
    return bool(found) and covered >= len(word.strip(",，、+"))


def _longer_name(first: str, after: str, goods: Sequence[Goods]) -> tuple[str, str]:
    """Nicknames with a space in them: "Amy Wang 芒果1份"."""
    cut = _first_goods(after, goods)
    head = after[:cut].strip()
    if (
        head
        and cut < len(after)
        and len(head) <= _LONG_NAME
        and re.fullmatch(r"[A-Za-z.·’']+(?: [A-Za-z.·’']+)*", head)
    ):
        return f"{first} {head}", after[cut:]
    return first, after


def _first_goods(text: str, goods: Sequence[Goods]) -> int:
    found = [token for token in tokens_of(text, goods) if token.kind in {"item", "count", "weight"}]
    marks = [match.start() for match in [words.CANCELLED.search(text), words.AMENDED.search(text)] if match]
    return min([token.start for token in found] + marks, default=len(text))


def _read_wants(line: Line, body: str, goods: Sequence[Goods]) -> None:
    found = tokens_of(body, goods)
    items = [token for token in found if token.kind == "item"]
    counts = [token for token in found if token.kind == "count"]
    line.note = _note(body, found)
    if words.CANCELLED.search(body):
        line.cancelled = True
        if items or counts:
            line.doubt("取消的是全部还是一部分？")
        return
    if words.AMENDED.search(body):
        line.doubt("有改动，请核对")
        last = max(match.end() for match in words.AMENDED.finditer(body))
        items, counts = [t for t in items if t.start >= last] or items[-1:], [t for t in counts if t.start >= last]
    if words.UNSURE.search(body):
        line.doubt("像是在询问")
    if words.FOR_OTHERS.search(body):
        line.doubt("替别人接龙")
    if any(token.ambiguous for token in items):
        line.doubt("不确定是哪个商品")
    _pair(line, body, items, counts, goods, weights=[token for token in found if token.kind == "weight"])


def _pair(
    line: Line, body: str, items: list[Token], counts: list[Token], goods: Sequence[Goods], *, weights: list[Token]
) -> None:
    """Give each item its count: what follows it, what precedes it, or 各 for all."""
    if not items:
        _only_item(line, counts, goods, weighed=bool(weights))
        return
    if words.EACH.search(body) and counts:
        for item in items:
            _want(line, item.key, counts[-1])
        if len(counts) > 1:
            line.doubt("有几个数量")
        return
    leading = bool(counts) and counts[0].start < items[0].start
    taken: set[int] = set()
    for place, item in enumerate(items):
        left = items[place - 1].end if place else 0
        right = items[place + 1].start if place + 1 < len(items) else len(body)
        span = (left, item.start) if leading else (item.end, right)
        mine = [c for c in counts if span[0] <= c.start < span[1] and id(c) not in taken]
        taken.update(id(c) for c in mine)
        if len(mine) > 1:
            line.doubt("有几个数量")
        if not mine:
            line.doubt("没有写数量，按 1 算")
        _want(line, item.key, (mine[-1] if leading else mine[0]) if mine else None)
    if len(taken) < len(counts):
        line.doubt("有多余的数字")
    if len({want.key for want in line.wants}) < len(line.wants):
        line.doubt("同一商品写了两次")


def _only_item(line: Line, counts: Sequence[Token], goods: Sequence[Goods], *, weighed: bool) -> None:
    """Without a product's name only a list of one product can be read."""
    if len(goods) != 1:
        line.doubt("没有认出商品")
        return
    if len(counts) > 1:
        line.doubt("有几个数量")
    if not counts:
        line.doubt("只写了重量，按 1 算" if weighed else "没有写数量，按 1 算")
    _want(line, goods[0].key, counts[-1] if counts else None)


def _want(line: Line, key: str, count: Token | None) -> None:
    quantity = 1.0 if count is None else count.value
    if quantity != int(quantity) or not 1 <= quantity <= MOST:
        line.doubt("数量不寻常")
    if count is not None and count.bare:
        line.doubt("数字没有单位")
    line.wants.append(Want(key, max(1, int(quantity))))


def _note(body: str, found: Sequence[Token]) -> str:
    """What is left when goods and counts are taken away."""
    left, at = "", 0
    for token in found:
        if token.kind in {"item", "count"}:
            left += body[at : token.start] + " "
            at = token.end
    left += body[at:]
    left = re.sub(r"(?:^|(?<=\s))(?:要|来|各要?|和|跟|加|再来|还要|共|一共)(?=\s|$)", " ", left)
    return re.sub(r"\s+", " ", left).strip(" ,，、;；.。+&~～!！:：-—")


def _doubt_repeats(lines: Sequence[Line]) -> None:
    seen: dict[int, Line] = {}
    names: dict[str, Line] = {}
    for line in lines:
        if line.number and line.number in seen:
            line.doubt("序号重复")
            seen[line.number].doubt("序号重复")
        seen.setdefault(line.number, line)
        if line.name and line.name in names and not line.cancelled:
            line.doubt("同一个人接了两次")
        names.setdefault(line.name, line)
