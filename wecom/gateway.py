"""The client assembled from settings: one connection pool and one cache per process."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import httpx
import redis
from django.conf import settings
from django.utils import timezone

from wecom.client.codes import Codes
from wecom.client.contacts import Contacts
from wecom.client.customers import Customers
from wecom.client.groups import Groups
from wecom.client.groupsend import GroupSends
from wecom.client.jssdk import JsSdk
from wecom.client.limits import Limiter
from wecom.client.media import Media
from wecom.client.messages import Messages
from wecom.client.moments import Moments
from wecom.client.oauth import OAuth
from wecom.client.statistics import Statistics
from wecom.client.tags import Tags
from wecom.client.tokens import Fresh, SharedValue, fingerprint
from wecom.client.transfers import Transfers
from wecom.client.transport import TIMEOUT, Alerts, Transport
from wecom.client.welcome import Welcome
from wecom.configuration import Application, application
from wecom.services.alerts import clear_alerts, raise_alert


@dataclass(frozen=True)
class WeCom:
    """Everything the product asks of WeCom, by area."""

    transport: Transport
    contacts: Contacts
    customers: Customers
    tags: Tags
    groups: Groups
    codes: Codes
    welcome: Welcome
    group_sends: GroupSends
    moments: Moments
    statistics: Statistics
    transfers: Transfers
    messages: Messages
    media: Media
    oauth: OAuth
    js_sdk: JsSdk

    def bulk(self) -> "WeCom":
        """The same for syncs: a smaller share of the calls, and the patience to wait for it."""
        return _areas(self.transport.for_bulk(), share=self.js_sdk.share)


class StoredAlerts:
    """Alerts kept as rows, one open per code and subject."""

    def report(self, *, code: int, subject: str, message: str) -> None:
        raise_alert(kind=f"errcode_{code}", subject=subject, message=message, at=timezone.now())

    def recovered(self, *, code: int, subject: str) -> None:
        clear_alerts(kind=f"errcode_{code}", subject=subject, at=timezone.now())


def connect(
    *,
    app: Application,
    base: str,
    store: redis.Redis,
    http: httpx.Client,
    alerts: Alerts | None = None,
    limiter: Limiter | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> WeCom:
    """A client of one application; its tokens and tickets are shared with all that use the same store."""
    owner = f"wecom:{{{app.corp_id}}}:{app.name}:{fingerprint(app.secret)}"

    def share(name: str, fetch: Callable[[], Fresh]) -> SharedValue:
        return SharedValue(store, key=f"{owner}:{name}", fetch=fetch)

    transport = Transport(
        application=app, base=base, http=http, token=lambda fetch: share("token", fetch),
        limiter=limiter or Limiter(store, corp_id=app.corp_id), alerts=alerts or StoredAlerts(), sleep=sleep,
    )  # fmt: skip
    return _areas(transport, share=share)


def _areas(transport: Transport, *, share: Callable[[str, Callable[[], Fresh]], SharedValue]) -> WeCom:
    return WeCom(
        transport=transport, contacts=Contacts(transport), customers=Customers(transport), tags=Tags(transport),
        groups=Groups(transport), codes=Codes(transport), welcome=Welcome(transport),
        group_sends=GroupSends(transport), moments=Moments(transport), statistics=Statistics(transport),
        transfers=Transfers(transport), messages=Messages(transport), media=Media(transport), oauth=OAuth(transport),
        js_sdk=JsSdk(transport, share),
    )  # fmt: skip


def wecom() -> WeCom:
    """The configured company's client.

    :raises ImproperlyConfigured: WECOM_CORP_ID or WECOM_SECRET is not set.
    """
    return _connected(application(), settings.WECOM_API_BASE, settings.REDIS_URL, os.getpid())


@lru_cache(maxsize=4)
def _connected(app: Application, base: str, redis_url: str, pid: int) -> WeCom:  # noqa: ARG001 -- a forked worker needs sockets of its own
    store = redis.Redis.from_url(redis_url, socket_connect_timeout=2, socket_timeout=5)
    return connect(app=app, base=base, store=store, http=httpx.Client(timeout=TIMEOUT))
