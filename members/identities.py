"""How a member's ids are normalised, hashed for look-up and encrypted at rest.

The look-up hash is HMAC-SHA256 (16 bytes kept) over kind, issuer and value, so a leaked table can neither be read
nor searched by trying all phone numbers. The value itself is AES-256-GCM under the first of `IDENTITY_KEYS`.
"""

import base64
import hmac
import os
import re
from collections.abc import Callable, Collection
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12
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


@lru_cache(maxsize=4)
def _ciphers(keys: str) -> dict[int, AESGCM]:
    """Key id → cipher, in the order of the setting; the first one encrypts."""
    pairs = (part.strip().split(":", 1) for part in keys.split(","))
    return {int(key_id): AESGCM(base64.b64decode(encoded)) for key_id, encoded in pairs}


def encrypt(value: str) -> bytes:
    """One byte of key id, the nonce, then ciphertext and tag."""
    return encrypt_all([value])[0]


def encrypt_all(values: Collection[str]) -> list[bytes]:
    """`encrypt` for many."""
    key_id, cipher = next(iter(_ciphers(settings.IDENTITY_KEYS).items()))
    head = bytes([key_id])
    random = os.urandom(_NONCE * len(values))
    nonces = (random[start : start + _NONCE] for start in range(0, len(random), _NONCE))
    return [
        head + nonce + cipher.encrypt(nonce, value.encode(), None) for nonce, value in zip(nonces, values, strict=True)
    ]


def decrypt(blob: bytes | memoryview) -> str:
    """The inverse of `encrypt`, under whichever key it was written with.

    :raises cryptography.exceptions.InvalidTag: the row was tampered with or the key is wrong
    :raises KeyError: the key was retired from `IDENTITY_KEYS`
    """
    raw = bytes(blob)
    cipher = _ciphers(settings.IDENTITY_KEYS)[raw[0]]
    return cipher.decrypt(raw[1 : 1 + _NONCE], raw[1 + _NONCE :], None).decode()
