"""What is checked before an API sees a call: address, secret, token, permission, frequency, and calls at once."""

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

from wecom.sandbox.answers import Refused
from wecom.sandbox.routing import Api
from wecom.sandbox.store import Store

SHANGHAI = ZoneInfo("Asia/Shanghai")
_PERIODS = {"minute": 60, "hour": 3_600}


class InFlight:
    """The calls that have come and not been answered. Lives as long as the process."""

    def __init__(self) -> None:
        self.calls = 0
        self.writing: Counter[tuple[str, str]] = Counter()

    def enter(self, store: Store, api: Api, subject: str) -> int:
        """Count a call in; the errcode it must get, or 0."""
        self.calls += 1
        self.writing[api.serial, subject] += 1
        if self.calls > store.setting("parallel_calls"):
            return 45033
        return 45035 if api.serial and subject and self.writing[api.serial, subject] > 1 else 0

    def leave(self, api: Api, subject: str) -> None:
        self.calls -= 1
        self.writing[api.serial, subject] -= 1
        if not self.writing[api.serial, subject]:
            del self.writing[api.serial, subject]


def admit(store: Store, api: Api, *, token: str, ip: str, now: int) -> str:
    """The kind of secret behind a call. :raises Refused: with what WeCom would say."""
    if store.setting("outage") == "busy":
        raise Refused(-1)
    spring_trap(store, api.path)
    if not api.with_token:
        return ""
    kind = _kind_of(store, token, now)
    trusted = store.setting("trusted_ips")
    if trusted is not None and ip not in trusted:
        raise Refused(60020, ip)
    if store.setting("app_disabled") and kind == "app":
        raise Refused(50003)
    if kind not in api.secrets:
        raise Refused(api.otherwise)
    if api.path.startswith("externalcontact/") and not store.setting("customer_access"):
        raise Refused(48002)
    limit_frequency(store, api.path, {"minute": store.setting("api_per_minute"), "hour": store.setting("api_per_hour")})
    return kind


def _kind_of(store: Store, token: str, now: int) -> str:
    if not token:
        raise Refused(41001)
    row = store.one("SELECT * FROM token WHERE value = ?", token)
    if row is None or row["revoked"]:
        raise Refused(40014)
    if row["expires"] <= now:
        raise Refused(42001)
    return str(row["kind"])


def limit_frequency(store: Store, name: str, limits: dict[str, int]) -> None:
    """Count a call in its minute and hour; who exceeds one is blocked that long.

    :raises Refused: 45009
    """
    now = int(store.now())
    if (store.value("SELECT until FROM block WHERE name = ?", name) or 0) > now:
        raise Refused(45009)
    for period, most in limits.items():
        seconds = _PERIODS[period]
        if store.count(f"{name}:{period}", now - now % seconds) > most:
            store.run("INSERT OR REPLACE INTO block VALUES (?, ?)", name, now + seconds)
            raise Refused(45009)


def limit_calendar(store: Store, name: str, limits: dict[str, int]) -> None:
    """Count a call in its natural day and month of Shanghai. :raises Refused: 45009"""
    day = shanghai(store.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    for period, begin in (("day", day), ("month", day.replace(day=1))):
        if store.count(f"{name}:{period}", int(begin.timestamp())) > limits[period]:
            raise Refused(45009)


def shanghai(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, SHANGHAI)


def spring_trap(store: Store, path: str) -> None:
    """Refuse what was arranged to be refused (`fail_next`). :raises Refused:"""
    row = store.one("SELECT * FROM trap WHERE api = ? AND effect = 'errcode' AND left > 0 ORDER BY id LIMIT 1", path)
    if row is not None:
        store.run("UPDATE trap SET left = left - 1 WHERE id = ?", row["id"])
        raise Refused(row["errcode"], "arranged")


def arranged(store: Store, path: str, effect: str) -> bool:
    """Whether an answer was arranged to get lost (`lost`) or to be a server's error (`http`); once per arrangement."""
    row = store.one("SELECT id FROM trap WHERE api = ? AND effect = ? AND left > 0 ORDER BY id LIMIT 1", path, effect)
    return row is not None and store.run("UPDATE trap SET left = left - 1 WHERE id = ?", row["id"]) > 0


def punish_wrong_secret(store: Store, ip: str) -> None:
    """Repeated wrong secrets block the address for an hour (wecom.md §4.1)."""
    now = int(store.now())
    if store.count(f"gettoken:{ip}:wrong", now - now % 3_600) >= store.setting("wrong_secrets_per_hour"):
        store.run("INSERT OR REPLACE INTO block VALUES (?, ?)", f"gettoken:{ip}", now + 3_600)
