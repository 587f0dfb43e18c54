"""How our short links are written, and what the page they lead to on our own site is told."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings

PARAMETER = "l"  # names the token to our own pages, which keep it with what is ordered there


def address_of(token: str) -> str:
    """Where a token is opened."""
    return f"{_site()}/s/{token}/"


def is_short(address: str) -> bool:
    return address.startswith(f"{_site()}/s/")


def destination(target: str, *, token: str) -> str:
    """The target as the browser is sent there; a page of ours is told by which link, others as they were stored."""
    if not target.startswith(f"{_site()}/"):
        return target
    parts = urlsplit(target)
    query = "&".join(part for part in (parts.query, urlencode({PARAMETER: token})) if part)
    return urlunsplit(parts._replace(query=query))


def _site() -> str:
    return str(settings.SITE_URL).rstrip("/")
