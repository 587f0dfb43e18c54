"""Values that are read back in full, encrypted at rest: AES-256-GCM under the first of `IDENTITY_KEYS`."""

import base64
import os
from collections.abc import Collection
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12


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
