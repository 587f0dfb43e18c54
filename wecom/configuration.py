"""The settings of the gateway as typed values."""

from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from wecom.envelope import Envelope


@dataclass(frozen=True)
class Application:
    """One secret of the company. Tokens belong to it, never to the company (wecom.md §4.2)."""

    name: str
    corp_id: str
    secret: str = field(repr=False)
    agent_id: str = ""


def is_configured() -> bool:
    """Whether there is an app to call and to log in through."""
    return bool(settings.WECOM_CORP_ID and settings.WECOM_SECRET and settings.WECOM_AGENT_ID)


def directory() -> Application | None:
    """The 通讯录同步 secret, which lists the whole company and nothing else; None where it is not set."""
    if not settings.WECOM_CONTACTS_SECRET:
        return None
    return Application("contacts", settings.WECOM_CORP_ID, settings.WECOM_CONTACTS_SECRET)


def application() -> Application:
    """The self-built app.

    :raises ImproperlyConfigured: the company or its secret is not set.
    """
    if not settings.WECOM_CORP_ID or not settings.WECOM_SECRET:
        raise ImproperlyConfigured("企业微信未配置：请设置 WECOM_CORP_ID 与 WECOM_SECRET")
    return Application("app", settings.WECOM_CORP_ID, settings.WECOM_SECRET, settings.WECOM_AGENT_ID)


def envelope() -> Envelope | None:
    """How callbacks are sealed, or None where no callback is configured."""
    if not (settings.WECOM_CORP_ID and settings.WECOM_TOKEN and settings.WECOM_AES_KEY):
        return None
    return Envelope(token=settings.WECOM_TOKEN, aes_key=settings.WECOM_AES_KEY, receiver=settings.WECOM_CORP_ID)
