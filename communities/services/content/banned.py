"""Find wordings that may not be posted, however they were dressed up: full-width, spaced out, in capitals."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from communities.models import BannedWord, LintRule

# What people put inside a word to get it past a filter. Sentence marks and new lines are not here: they end a word.
_JOINERS = frozenset("·•・‧∙*＊~～_|丨^`.-")
_GAIN = "(?:领|送|得|返|赢|抽|减|有礼|有奖)"
# Shapes of inducing a share (微信外部链接内容管理规范), for wordings that no list of words can hold.
_INDUCEMENTS = tuple(
    (re.compile(pattern), f"{reason}违反微信规则")
    for pattern, reason in (
        (r"集满?\d*个?赞", "集赞换礼"),
        (rf"(?:转发|分享)(?:到|至|给)?(?:朋友圈|\d*个?(?:好友|群|人)).{{0,8}}?{_GAIN}", "为转发或分享给好处"),
        (rf"(?:邀请|拉)\d*(?:个|位|名)?(?:好友|人|新人)(?:进群|入群|助力).{{0,8}}?{_GAIN}", "为拉人给好处"),
        (r"砍一刀|助力一下|点个助力", "助力、砍价"),
    )
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A wording found: where it stands in the text as written, and why it may not."""

    start: int
    end: int
    said: str
    check: LintRule.Check
    reason: str


@dataclass(frozen=True, slots=True)
class Plain:
    """A text as words are looked for in it, and where each of its characters came from."""

    text: str
    origins: tuple[int, ...]


def plain(text: str) -> Plain:
    """The text in half-width small letters, without spaces, invisible characters and joiners.

    A point or hyphen between digits stays (9.9 is a price), and so does a new line.
    """
    characters: list[str] = []
    origins: list[int] = []
    for place, character in enumerate(text):
        if _is_dropped(text, place):
            continue
        for part in unicodedata.normalize("NFKC", character).casefold():
            if not part.isspace() or part == "\n":
                characters.append(part)
                origins.append(place)
    return Plain("".join(characters), tuple(origins))


def _is_dropped(text: str, place: int) -> bool:
    character = text[place]
    if character == "\n":
        return False
    if character.isspace() or unicodedata.category(character) in {"Cf", "Mn"}:
        return True
    if character not in _JOINERS:
        return False
    around = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
    return not any(one.isdecimal() for one in around)


class Words:
    """The chain's banned words and allowed phrases, ready to be looked for in many texts."""

    def __init__(self, rows: Iterable[tuple[str, bool, bool, str]]) -> None:
        """Each row is a word, whether it induces sharing, whether it is allowed, and the reason."""
        self._banned: dict[str, tuple[LintRule.Check, str]] = {}
        allowed = []
        for word, inducement, is_allowed, reason in rows:
            key = plain(word).text.replace("\n", "")
            if not key:
                continue
            if is_allowed:
                allowed.append(key)
            else:
                check = LintRule.Check.INDUCEMENT if inducement else LintRule.Check.BANNED_WORD
                self._banned[key] = (check, reason)
        self._any = _any_of(self._banned)
        self._allowed = _any_of(allowed)

    def find(self, text: str) -> list[Hit]:
        """Every banned wording in a text, in the order they stand; of several in one place the longest."""
        if not text:
            return []
        looked = plain(text)
        free = {place for match in _matches(self._allowed, looked.text) for place in range(*match.span())}
        hits = [
            self._hit(text, looked, match, *self._banned[match.group()])
            for match in _matches(self._any, looked.text)
            if not free.issuperset(range(*match.span())) and _stands_alone(text, looked, match)
        ]
        taken = {place for hit in hits for place in range(hit.start, hit.end)}
        for pattern, reason in _INDUCEMENTS:
            for match in pattern.finditer(looked.text):
                hit = self._hit(text, looked, match, LintRule.Check.INDUCEMENT, reason)
                if taken.isdisjoint(range(hit.start, hit.end)):
                    hits.append(hit)
        return sorted(hits, key=lambda hit: (hit.start, hit.end))

    @staticmethod
    def _hit(text: str, looked: Plain, match: re.Match[str], check: LintRule.Check, reason: str) -> Hit:
        start, end = looked.origins[match.start()], looked.origins[match.end() - 1] + 1
        return Hit(start=start, end=end, said=text[start:end], check=check, reason=reason)


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    ordered = sorted(set(words), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None


def _matches(pattern: re.Pattern[str] | None, text: str) -> Iterator[re.Match[str]]:
    return pattern.finditer(text) if pattern is not None else iter(())


def _stands_alone(text: str, looked: Plain, match: re.Match[str]) -> bool:
    """Whether a word of Latin letters or digits is not merely part of a longer one: `best` in `bestow`."""
    start, end = looked.origins[match.start()], looked.origins[match.end() - 1] + 1
    said = match.group()
    before, behind = text[max(0, start - 1) : start], text[end : end + 1]
    return not (_joins(before, said[0]) or _joins(said[-1], behind))


def _joins(left: str, right: str) -> bool:
    return any(left.isascii() and right.isascii() and kind(left) and kind(right) for kind in (str.isdigit, str.isalpha))


@lru_cache(maxsize=4)
def _compiled(rows: tuple[tuple[str, bool, bool, str], ...]) -> Words:
    return Words(rows)


def current_words() -> Words:
    """The list as it stands; one query."""
    rows = BannedWord.objects.order_by("pk").values_list("word", "inducement", "allowed", "reason")
    return _compiled(tuple(rows))
