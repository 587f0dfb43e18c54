"""Who somebody is for a 1元购: every id she is known by, and where her parcel goes, as keyed hashes only."""

import json
import re
import unicodedata
from collections.abc import Mapping

from members.identities import decrypt, normalise_phone, value_hash
from members.models import Identity

ADDRESS = "address"
_NO_LETTER = re.compile(r"[\W_]+")

Trace = tuple[str, bytes]


def traces_of(*, member_id: int, recipient: bytes | memoryview | None = None) -> list[Trace]:
    """What would tell the same person again, in a fixed order: two claims of one person then wait for each other."""
    found = {
        (kind, bytes(digest))
        for kind, digest in Identity.objects.filter(member=member_id).values_list("kind", "value_hash")
    }
    if recipient is not None:
        found |= _of_parcel(json.loads(decrypt(recipient)))
    return sorted(found)


def _of_parcel(recipient: Mapping[str, str]) -> set[Trace]:
    found = set()
    phone = normalise_phone(recipient.get("phone", ""))
    if phone is not None:
        kind = Identity.Kind.PHONE.value
        found.add((kind, value_hash(kind=kind, value=phone)))
    address = plain_address(recipient.get("address", ""))
    if address:
        found.add((ADDRESS, value_hash(kind=ADDRESS, value=address)))
    return found


def plain_address(text: str) -> str:
    """An address without the ways of writing it: width, case, spaces and punctuation."""
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", text)).casefold()
