"""How much of an id a screen, an API answer or an export shows."""

from members.identities import decrypt
from members.models import Identity

_PHONE_LENGTH = 11
_SHOWN = 4


def mask(*, kind: str, value: str) -> str:
    """An id with its middle hidden: `138****5678` for a phone, at most the last four of anything else.

    Never more than half of a short id, so that a mask is never the id itself.
    """
    if kind == Identity.Kind.PHONE and len(value) == _PHONE_LENGTH:
        return f"{value[:3]}****{value[-4:]}"
    shown = min(_SHOWN, len(value) // 2)
    return f"****{value[len(value) - shown :]}"


def masked(identity: Identity) -> str:
    """The mask of a stored id; decrypts in memory and keeps nothing."""
    return mask(kind=identity.kind, value=decrypt(identity.value_encrypted))
