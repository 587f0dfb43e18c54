"""Which providers this installation has, by the name that payments carry."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from campaigns.payments.provider import PaymentProvider
from campaigns.payments.sandbox import SandboxProvider
from campaigns.payments.shop import ShopProvider

_providers: dict[str, PaymentProvider] = {}


def register(provider: PaymentProvider) -> None:
    """Make a provider known under its key; the later one of a key counts."""
    _providers[provider.key] = provider


def providers() -> Mapping[str, PaymentProvider]:
    """Every provider of this installation."""
    return _providers


def provider_named(key: str) -> PaymentProvider:
    """:raises KeyError: this installation has none of that name"""
    return _providers[key]


def online_provider() -> PaymentProvider | None:
    """Where members pay online: WeChat where it is configured, the sandbox outside production, else nowhere."""
    return _providers.get("wechat") or _providers.get("sandbox")


def register_configured() -> None:
    """What the settings allow: WeChat where a merchant number is set, the sandbox never in production."""
    register(ShopProvider())
    if settings.WECHAT_PAY["mchid"]:
        from campaigns.payments.wechat import configured  # most installations at home have no need of its libraries

        merchant: dict[str, Any] = dict(settings.WECHAT_PAY)
        register(configured(**merchant))
    if not settings.PRODUCTION:
        register(SandboxProvider())
