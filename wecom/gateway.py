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
from wecom.client.limits import Limiter, bulk_rate
from wecom.client.media import Media
from wecom.client.messages import Messages
from wecom.client.moments import Moments
from wecom.client.oauth import CLIENT_BASE, DESKTOP_BASE, OAuth
from wecom.client.statistics import Statistics
from wecom.client.tags import Tags
from wecom.client.tokens import Fresh, SharedValue, fingerprint
from wecom.client.transfers import Transfers
from wecom.client.transport import TIMEOUT, Alerts, Transport
from wecom.client.welcome import Welcome
from wecom.configuration import Application, application, directory
from wecom.services.alerts import clear_alerts, raise_alert

Share = Callable[[str, Callable[[], Fresh]], SharedValue]


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
        directory = self.contacts.directory and self.contacts.directory.for_bulk()
        return _areas(self.transport.for_bulk(), share=self.js_sdk.share, directory=directory, oauth=self.oauth)


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
    directory: Application | None = None,
    oauth_base: str = CLIENT_BASE,
    login_base: str = DESKTOP_BASE,
) -> WeCom:
    """A client of one application; its tokens and tickets are shared with all that use the same store.

    `directory` is the 通讯录同步 secret beside it.
    """
    shared_limiter = limiter or Limiter(store, corp_id=app.corp_id)

    def sharing(application: Application) -> Share:
        owner = f"wecom:{{{application.corp_id}}}:{application.name}:{fingerprint(application.secret)}"
        return lambda name, fetch: SharedValue(store, key=f"{owner}:{name}", fetch=fetch)

    def transport(application: Application) -> Transport:
        share = sharing(application)
        return Transport(
            application=application, base=base, http=http, token=lambda fetch: share("token", fetch),
            limiter=shared_limiter, alerts=alerts or StoredAlerts(), sleep=sleep,
        )  # fmt: skip

    main = transport(app)
    return _areas(
        main, share=sharing(app), directory=transport(directory) if directory else None,
        oauth=OAuth(main, oauth_base, login_base),
    )  # fmt: skip


def _areas(transport: Transport, *, share: Share, directory: Transport | None, oauth: OAuth) -> WeCom:
    return WeCom(
        transport=transport, contacts=Contacts(transport, directory), customers=Customers(transport),
        tags=Tags(transport), groups=Groups(transport), codes=Codes(transport), welcome=Welcome(transport),
        group_sends=GroupSends(transport), moments=Moments(transport), statistics=Statistics(transport),
        transfers=Transfers(transport), messages=Messages(transport), media=Media(transport), oauth=oauth,
        js_sdk=JsSdk(transport, share),
    )  # fmt: skip


def wecom() -> WeCom:
    """The configured company's client.

    :raises ImproperlyConfigured: WECOM_CORP_ID or WECOM_SECRET is not set.
    """
    bases = (settings.WECOM_API_BASE, settings.WECOM_OAUTH_BASE, settings.WECOM_LOGIN_BASE)
    bulk = settings.WECOM_BULK_PER_MINUTE
    return _connected(application(), directory(), bases, settings.REDIS_URL, bulk, os.getpid())


@lru_cache(maxsize=4)
def _connected(  # noqa: PLR0917 -- the arguments are the key of the cache
    app: Application,
    directory: Application | None,
    bases: tuple[str, str, str],
    redis_url: str,
    bulk_per_minute: int,
    pid: int,  # noqa: ARG001 -- a forked worker needs sockets of its own
) -> WeCom:
    base, oauth_base, login_base = bases
    store = redis.Redis.from_url(redis_url, socket_connect_timeout=2, socket_timeout=5)
    limiter = Limiter(store, corp_id=app.corp_id, bulk=bulk_rate(bulk_per_minute))
    return connect(
        app=app, base=base, store=store, http=httpx.Client(timeout=TIMEOUT), directory=directory, limiter=limiter,
        oauth_base=oauth_base, login_base=login_base,
    )  # fmt: skip
