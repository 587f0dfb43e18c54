"""Whether the links in materials still open: asked on save and each night, and remembered; linting only looks up."""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import F

from communities import placeholders
from communities.models import MaterialVersion
from wecom.fetching import FetchRefused, NotReached, probe_public

_REMEMBERED = timedelta(days=3)  # two nights may fail
_RECENT = timedelta(hours=1)
_MISSES = 2  # in a row make a dead link
TRAILING = ".,;:!?)"  # of a sentence, not of the address before it
ADDRESS = re.compile(r"https?://[^\s\u3000-\u9fff\uff00-\uffef<>\"'{}]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found at an address; `reason` in Chinese where it does not open.

    `misses` counts the tries in a row that reached nobody: one alone may be our own network's fault.
    """

    opens: bool
    reason: str
    checked_at: datetime
    misses: int = 0


def addresses_of(version: MaterialVersion) -> list[str]:
    """The addresses a version holds as they stand; one with placeholders differs by store and is not among them."""
    found = [version.link_url] if version.link_url and not placeholders.parse(version.link_url).places else []
    return list(dict.fromkeys([*found, *(address.rstrip(TRAILING) for address in ADDRESS.findall(version.text))]))


def known(addresses: Collection[str]) -> dict[str, Verdict]:
    """What is remembered of these addresses, in one look-up; one never checked is missing."""
    keys = {_key(address): address for address in addresses}
    return {keys[key]: verdict for key, verdict in cache.get_many(list(keys)).items()}


def check_links(
    addresses: Iterable[str], *, at: datetime, probe: Callable[[str], None] = probe_public
) -> dict[str, Verdict]:
    """Open each address and remember what was found; one that opened within the hour is not asked again."""
    wanted = list(dict.fromkeys(addresses))
    verdicts = known(wanted)
    for address in wanted:
        last = verdicts.get(address)
        if last is None or not last.opens or last.misses or last.checked_at <= at - _RECENT:
            verdicts[address] = _asked(address, last=last, at=at, probe=probe)
            cache.set(_key(address), verdicts[address], timeout=_REMEMBERED.total_seconds())
    return verdicts


def live_addresses() -> list[str]:
    """Every address in the current versions of materials in use."""
    versions = MaterialVersion.objects.filter(material__current=F("pk"), material__archived_at=None)
    found: dict[str, None] = {}
    for version in versions.only("text", "link_url").iterator(chunk_size=2_000):
        found.update(dict.fromkeys(addresses_of(version)))
    return list(found)


def _asked(address: str, *, last: Verdict | None, at: datetime, probe: Callable[[str], None]) -> Verdict:
    try:
        probe(address)
    except NotReached as refusal:
        misses = 1 + (last.misses if last else 0)
        return Verdict(opens=misses < _MISSES, reason=str(refusal), checked_at=at, misses=misses)
    except FetchRefused as refusal:
        return Verdict(opens=False, reason=str(refusal), checked_at=at)
    return Verdict(opens=True, reason="", checked_at=at)


def _key(address: str) -> str:
    return f"communities:link:{hashlib.sha256(address.encode()).hexdigest()}"
