"""The sandbox's clock, set from outside its process: WeCom's and ours are to show the same moment."""

from datetime import datetime
from urllib.parse import urlsplit

import httpx

_OF_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_TIMEOUT = 10


def set_clock(base: str, *, at: datetime | None) -> bool:
    """Let the clock of the sandbox at an address stand at a moment, or run with the real time.

    False where the address is no sandbox of this machine: the real WeCom is not even asked.
    """
    if urlsplit(base).hostname not in _OF_THIS_MACHINE:
        return False
    with httpx.Client(base_url=base, timeout=_TIMEOUT, trust_env=False) as client:
        if at is not None:
            return client.post("/sandbox/api/clock", json={"freeze": at.timestamp()}).is_success
        return client.post("/sandbox/api/clock", json={"real": True}).is_success
