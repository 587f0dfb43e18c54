"""How often and how broadly all workers together may call WeCom (wecom.md §4.1).

One Lua script admits a call: it looks at the API's pause, counts the call in the running minute and hour, and takes
one of the company's parallel places. State lives in Redis only; the clock is handed in, so tests own it.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import redis
from redis.exceptions import LockNotOwnedError

from wecom.client.errors import Throttled

_PLACE_SECONDS = 90  # longer than the longest timeout: a killed worker's place frees itself
_FIRST_PAUSE = 60.0  # seconds; the minute window
_LONG_PAUSE = 3_600.0  # the hour window
_ESCALATE_WITHIN = 600.0  # a second 45009 so soon after a pause means that the hour is used up
_NARROW_FOR = 300  # seconds until parallelism returns to normal


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls of one API by everybody. WeCom blocks at 10,000 a minute and 150,000 an hour."""

    per_minute: int = 5_000
    per_hour: int = 100_000


INTERACTIVE = Rate()
_BULK_PER_HOUR = 150_000  # where WeCom blocks


def bulk_rate(per_minute: int) -> Rate:
    """The share of syncs, which leave room for people; by the hour fifty minutes' worth."""
    return Rate(per_minute=per_minute, per_hour=min(50 * per_minute, _BULK_PER_HOUR))


BULK = bulk_rate(1_000)
# The few APIs with caps of their own.
SPECIAL: dict[str, Rate] = {
    "get_jsapi_ticket": Rate(per_minute=60, per_hour=300),  # 400/h per company
    "ticket/get": Rate(per_minute=30, per_hour=80),  # 100/h per app
    "gettoken": Rate(per_minute=30, per_hour=300),  # unpublished; repeated faults block the address for an hour
    "media/uploadimg": Rate(per_minute=60, per_hour=500),  # 1,000 a day
}

# KEYS pause, minute, hour, places, narrowed; ARGV now, per_minute, per_hour, parallel, call, place_seconds
# Answers {0} or {milliseconds to wait}.
_ADMIT = """
local now = tonumber(ARGV[1])
local paused = tonumber(redis.call('GET', KEYS[1]) or '0')
if paused > now then return math.ceil((paused - now) * 1000) end
if tonumber(redis.call('GET', KEYS[3]) or '0') >= tonumber(ARGV[3]) then
  return math.ceil((3600 - now % 3600) * 1000)
end
if tonumber(redis.call('GET', KEYS[2]) or '0') >= tonumber(ARGV[2]) then
  return math.ceil((60 - now % 60) * 1000)
end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)
local parallel = tonumber(redis.call('GET', KEYS[5]) or ARGV[4])
if redis.call('ZCARD', KEYS[4]) >= parallel then return -1 end
redis.call('ZADD', KEYS[4], now + tonumber(ARGV[6]), ARGV[5])
redis.call('EXPIRE', KEYS[4], 600)
redis.call('INCR', KEYS[2]); redis.call('EXPIRE', KEYS[2], 120)
redis.call('INCR', KEYS[3]); redis.call('EXPIRE', KEYS[3], 7200)
return 0
"""

_PLACE_TAKEN = -1
_PLACE_POLL = 0.02


class Limiter:
    """Admission for one company. `parallel` is how many calls may be under way at once, all workers together.

    `bulk` is the rate of syncs; people's calls have `INTERACTIVE`.
    """

    def __init__(
        self,
        store: redis.Redis,
        *,
        corp_id: str,
        parallel: int = 8,
        bulk: Rate = BULK,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._prefix = f"wecom:{{{corp_id}}}"  # one hash slot, so the script also runs on a cluster
        self.bulk = bulk
        self._parallel = parallel
        self._clock = clock
        self._sleep = sleep
        self._admit: Any = store.register_script(_ADMIT)

    @contextmanager
    def admitted(self, api: str, *, rate: Rate, lane: str, patience: float) -> Iterator[None]:
        """Hold one place while calling `api`; wait up to `patience` seconds for it.

        :raises Throttled: the pause, or the wait for the next window, is longer than that.
        """
        call = secrets.token_hex(8)
        self._enter(api, rate=rate, lane=lane, patience=patience, call=call)
        try:
            yield
        finally:
            self._store.zrem(self._key("places"), call)

    def _enter(self, api: str, *, rate: Rate, lane: str, patience: float, call: str) -> None:
        give_up_at = self._clock() + patience
        while True:
            now = self._clock()
            keys = [
                self._key("pause", api),
                self._key("calls", api, lane, str(int(now // 60))),
                self._key("calls", api, lane, f"h{int(now // 3600)}"),
                self._key("places"),
                self._key("narrowed"),
            ]
            arguments = [now, rate.per_minute, rate.per_hour, self._parallel, call, _PLACE_SECONDS]
            answer = int(self._admit(keys=keys, args=arguments))
            if answer == 0:
                return
            wait = _PLACE_POLL if answer == _PLACE_TAKEN else answer / 1000
            if now + wait > give_up_at:
                raise Throttled(f"{api} 暂停调用", retry_after=max(wait, 1.0))
            self._sleep(wait)

    def pause(self, api: str, *, at_least: float = _FIRST_PAUSE) -> float:
        """Stop an API for every worker: a minute, or an hour when a pause has just been tried. Returns seconds."""
        now = self._clock()
        recent: Any = self._store.get(self._key("paused_lately", api))
        running: Any = self._store.get(self._key("pause", api))
        if running is not None and float(running) > now:
            return float(running) - now  # a call that was already under way when the pause began
        seconds = max(at_least, _LONG_PAUSE if recent is not None else _FIRST_PAUSE)
        self._store.set(self._key("pause", api), now + seconds, px=int(seconds * 1000) + 1_000)
        self._store.set(self._key("paused_lately", api), 1, px=int((seconds + _ESCALATE_WITHIN) * 1000))
        return seconds

    def narrow(self) -> int:
        """Halve the parallel places for five minutes; returns how many are left, at least one."""
        current: Any = self._store.get(self._key("narrowed"))
        places = max(1, int(current or self._parallel) // 2)
        self._store.set(self._key("narrowed"), places, ex=_NARROW_FOR)
        return places

    @contextmanager
    def serialised(self, subject: str, *, patience: float = 10) -> Iterator[None]:
        """Hold the only permission to write about a subject, such as one customer's tags (45035).

        :raises Throttled: somebody else held it for the whole of `patience` seconds.
        """
        lock = self._store.lock(self._key("writing", subject), timeout=60, sleep=0.02, blocking_timeout=patience)
        if not lock.acquire():
            raise Throttled(f"{subject} 正由其他任务写入", retry_after=1)
        try:
            yield
        finally:
            # It may have run out, if the call was slower than any timeout of ours.
            with suppress(LockNotOwnedError):
                lock.release()

    def _key(self, *parts: str) -> str:
        return ":".join((self._prefix, *parts))
