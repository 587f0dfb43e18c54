"""Whom the cells of a sales file name: each as the keyed hash under which members are found."""

from collections.abc import Mapping
from functools import partial

from members import identities
from members.imports import cells
from members.imports.cells import Cached
from members.imports.lines import NOBODY, NewIdentity

_MAX_KEYS_CACHED = 50_000
_MAX_PAIRS_SEEN = 50_000
_TAIL = 4

# Stands for a cell that is refused as a card (too long); no key has its length.
REFUSED = b"?"


class IdentityKeys:
    """Keys of cells, and the identities and pairs that turned up since they were last taken."""

    def __init__(self) -> None:
        self.members = Cached(self.key_of, refused=REFUSED, limit=_MAX_KEYS_CACHED)
        self.phones = Cached(partial(self.key_of, phones_only=True), refused=REFUSED, limit=_MAX_KEYS_CACHED)
        self._hashed = identities.hasher()
        self._fresh: dict[bytes, tuple[str, str]] = {}
        self._pairs_seen: set[tuple[bytes, bytes]] = set()

    def key_of(self, text: str, *, phones_only: bool = False) -> bytes:
        """The hash of whoever a cell names, noted as new; `NOBODY`. :raises CellError:"""
        named = cells.identity(text, phones_only=phones_only)
        if named is None:
            return NOBODY
        kind, value = named
        key = self._hashed(kind, value.upper(), "")  # a card is found in either case
        self._fresh[key] = named
        return key

    def columns(self, given: Mapping[str, list[str]]) -> tuple[list[bytes], list[bytes]]:
        """Cards and phones, from those of the columns `card`, `member` and `phone` that a file has (at least one)."""
        members, cards, phones = (
            list(map(memo.__getitem__, given[name])) if name in given else []
            for name, memo in (("member", self.members), ("card", self.members), ("phone", self.phones))
        )
        if not members:
            nobody = [NOBODY] * max(len(cards), len(phones))
            return cards or nobody, phones or nobody
        return (
            [card or member for card, member in zip(cards, members, strict=True)] if cards else members,
            [phone or member for phone, member in zip(phones, members, strict=True)] if phones else members,
        )

    def take_new(self, buyers: list[bytes], names: list[str]) -> list[NewIdentity]:
        """The identities noted since the last call, encrypted, with the names that stand beside them."""
        said = {key: name for key, name in zip(buyers, names, strict=True) if key and name} if names else {}
        fresh, self._fresh = self._fresh, {}
        encrypted = identities.encrypt_all([value for _, value in fresh.values()])
        return [
            NewIdentity(key, kind, value[-_TAIL:].upper(), blob, cells.person_name(said[key]) if key in said else "")
            for (key, (kind, value)), blob in zip(fresh.items(), encrypted, strict=True)
        ]

    def take_pairs(self, cards: list[bytes], phones: list[bytes]) -> list[tuple[bytes, bytes]]:
        """The cards that stand beside phones, mostly each pair once."""
        if cards is phones or not any(cards) or not any(phones):
            return []
        new = set(zip(cards, phones, strict=True)) - self._pairs_seen
        if len(self._pairs_seen) > _MAX_PAIRS_SEEN:
            self._pairs_seen.clear()
        self._pairs_seen |= new
        return [(card, phone) for card, phone in new if card and phone and card != phone]
