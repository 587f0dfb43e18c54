"""How a member's ids are normalised, hashed for look-up and encrypted at rest.

The look-up hash is HMAC-SHA256 (16 bytes kept) over kind, issuer and value, so a leaked table can neither be read
nor searched by trying all phone numbers. The value itself is sealed (`stores.sealing`).
"""

import hmac
import re
from collections.abc import Callable

from django.conf import settings

from stores.sealing import decrypt, encrypt, encrypt_all

__all__ = ["decrypt", "encrypt", "encrypt_all", "hasher", "is_mainland_phone", "normalise_phone", "value_hash"]

_MAINLAND_PHONE = re.compile(r"1[3-9]\d{9}", re.ASCII)


def is_mainland_phone(digits: str) -> bool:
    """Whether a text is a mainland mobile number and nothing else."""
    return _MAINLAND_PHONE.fullmatch(digits) is not None


def normalise_phone(text: str) -> str | None:
    """The 11 digits of a mainland mobile number, or None for a masked, foreign or impossible one."""
    digits = re.sub(r"[\s\-()（）]", "", text)
    digits = re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", digits)
    return digits if _MAINLAND_PHONE.fullmatch(digits) else None


def value_hash(*, kind: str, value: str, issuer: str = "") -> bytes:
    """The 16-byte keyed hash under which an identity is found."""
    return hasher()(kind, value, issuer)


def hasher() -> Callable[[str, str, str], bytes]:
    """`value_hash` for many: (kind, value, issuer) → hash, the setting read once."""
    key = settings.IDENTITY_HASH_KEY.encode()

    def hashed(kind: str, value: str, issuer: str) -> bytes:
        return hmac.digest(key, f"{kind}\0{issuer}\0{value}".encode(), "sha256")[:16]

    return hashed
