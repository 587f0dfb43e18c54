"""The picture of a code, from the address WeCom gave for it."""

from urllib.parse import urlsplit

import httpx
from django.conf import settings

from wecom.client.transport import TIMEOUT
from wecom.fetching import Fetched, FetchRefused, fetch_public

_LARGEST = 1024 * 1024
_TYPES = {"image/png", "image/jpeg", "image/svg+xml"}


def code_picture(url: str) -> Fetched:
    """The picture at an address of WeCom.

    The API's own host is trusted, since the operator names it; every other must be public.

    :raises FetchRefused: it is not there, or not acceptable.
    """
    ours, theirs = urlsplit(settings.WECOM_API_BASE), urlsplit(url)
    if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
        return fetch_public(url, max_bytes=_LARGEST)
    try:
        with (
            httpx.Client(trust_env=False) as client,
            client.stream("GET", url, timeout=TIMEOUT, follow_redirects=False) as response,
        ):
            return _read(response)
    except httpx.HTTPError as error:
        raise FetchRefused(f"图片下载失败（{type(error).__name__}）") from None


def _read(response: httpx.Response) -> Fetched:
    kind = response.headers.get("content-type", "").partition(";")[0]
    if not response.is_success or kind not in _TYPES:
        raise FetchRefused("企业微信没有给出二维码图片")
    content = b""
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > _LARGEST:
            raise FetchRefused("企业微信给的二维码图片太大")
    return Fetched(content=content, media_type=kind)
