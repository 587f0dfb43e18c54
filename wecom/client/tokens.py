"""Values that all processes share and one refreshes: access tokens and JS-SDK tickets (wecom.md §4.2)."""

import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis

from wecom.client.errors import CredentialsRefused, WeComError, WeComRefused, WeComUnavailable

_EARLY = 300  # seconds before its end that a value is renewed
_EARLY_SHARE = 0.1  # for values that live shorter than that allows
_LOCK_SECONDS = 30  # longer than a fetch with all its timeouts
_POLL = 0.02
_FAILED_SECONDS = 2  # those who waited for a failed refresh share its failure instead of repeating it
_DROP_IF_SAME = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


@dataclass(frozen=True, slots=True)
class Fresh:
    value: str
    expires_in: int  # seconds


def fingerprint(secret: str) -> str:
    """Tells secrets apart without showing them."""
    return hashlib.sha256(secret.encode()).hexdigest()[:20]


class SharedValue:
    """One cached value. Of all threads on all hosts, one at a time fetches it; the others wait and read."""

    def __init__(
        self,
        store: redis.Redis,
        *,
        key: str,
        fetch: Callable[[], Fresh],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._key = key
        self._fetch = fetch
        self._sleep = sleep
        self._drop: Any = store.register_script(_DROP_IF_SAME)

    def get(self) -> str:
        """The value, fetched if nobody has.

        :raises CredentialsRefused: the secret was refused before; nobody asks again until it changes.
        :raises WeComError: the fetch failed, here or for the process that was fetching.
        """
        deadline = time.monotonic() + _LOCK_SECONDS
        while (value := self._cached()) is None:
            self._raise_known_failure()
            mine = secrets.token_hex(8)
            if self._store.set(f"{self._key}:lock", mine, nx=True, ex=_LOCK_SECONDS):
                try:
                    return self._cached() or self._refresh()
                finally:
                    self._drop(keys=[f"{self._key}:lock"], args=[mine])
            if time.monotonic() > deadline:
                raise WeComUnavailable("等待凭证超时", retry_after=5)
            self._sleep(_POLL)
        return value

    def drop(self, failed: str) -> None:
        """Forget the value if it is still the one that failed; another process may have renewed it already."""
        self._drop(keys=[self._key], args=[failed])

    def unblock(self) -> None:
        """Let a refused secret be tried again, after somebody has mended it at WeCom's side."""
        self._store.delete(f"{self._key}:refused", f"{self._key}:failed")

    def _cached(self) -> str | None:
        value: Any = self._store.get(self._key)
        return value.decode() if isinstance(value, bytes) else value

    def _refresh(self) -> str:
        self._raise_known_failure()
        try:
            fresh = self._fetch()
        except WeComRefused as error:
            note = json.dumps({"api": error.api, "code": error.code})
            if isinstance(error, CredentialsRefused):
                # Asking again with the same secret gets our address blocked for an hour.
                self._store.set(f"{self._key}:refused", note)
            else:
                self._store.set(f"{self._key}:failed", note, ex=_FAILED_SECONDS)
            raise
        except WeComError as error:
            self._store.set(f"{self._key}:failed", json.dumps({"message": str(error)}), ex=_FAILED_SECONDS)
            raise
        early = min(_EARLY, fresh.expires_in * _EARLY_SHARE)
        self._store.set(self._key, fresh.value, px=max(1_000, int((fresh.expires_in - early) * 1000)))
        return fresh.value

    def _raise_known_failure(self) -> None:
        refused, failed = self._store.mget(f"{self._key}:refused", f"{self._key}:failed")
        if refused is not None:
            note = json.loads(refused)
            raise CredentialsRefused(api=note["api"], code=note["code"])
        if failed is not None:
            note = json.loads(failed)
            if "code" in note:
                raise WeComRefused(api=note["api"], code=note["code"])
            raise WeComUnavailable(note["message"], retry_after=_FAILED_SECONDS)
