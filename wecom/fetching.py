"""Fetch from an address that somebody else wrote, without becoming his way into our network."""

import contextlib
import ipaddress
import socket
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

_TIMEOUT = httpx.Timeout(5, connect=3)
_SECONDS = 20  # for the whole answer, however slowly it drips
_OK = 200
_ERRORS, _BROKEN = 400, 500
_SHY = {401, 403, 405, 429}  # there is something, but not for a program
_HOPS = 4
_BROWSER = "Mozilla/5.0 (compatible; Dianquan)"  # some shops answer nothing to a client without a name
_HTTPS = 443
_RECEIVER = "推送地址"
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # an IPv4 address in the clothes of a public IPv6 one

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class FetchRefused(Exception):
    """The address or what lies there is not acceptable; the message says why, in Chinese."""


class NotReached(FetchRefused):
    """Nobody answered, or only with an error of their own: another try may fare better."""


@dataclass(frozen=True, slots=True)
class Fetched:
    content: bytes
    media_type: str


def resolve(host: str) -> list[str]:
    """The addresses of a host. :raises OSError: it has none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, _HTTPS, type=socket.SOCK_STREAM)]


def fetch_public(
    url: str,
    *,
    max_bytes: int,
    media_types: Sequence[str] = ("image/jpeg", "image/png"),
    lookup: Callable[[str], Sequence[str]] = resolve,
    http: httpx.Client | None = None,
) -> Fetched:
    """The content of a public https address.

    The name is resolved once, every address of it is checked, and the connection goes to the address that was
    checked, so that a name cannot change its mind in between. Redirects are refused, not followed.

    :raises FetchRefused: not https, not public, too large, of another type, too slow, or not there.
    """
    target, host = _pinned(_checked(url), lookup, "图片地址")
    client = http or httpx.Client(trust_env=False)
    try:
        with client.stream(
            "GET", target, headers={"Host": host}, extensions={"sni_hostname": host}, timeout=_TIMEOUT,
            follow_redirects=False,
        ) as response:  # fmt: skip
            return _read(response, max_bytes=max_bytes, media_types=media_types)
    except httpx.HTTPError as error:
        raise FetchRefused(f"图片下载失败（{type(error).__name__}）") from None
    finally:
        if http is None:
            client.close()


def probe_public(
    url: str, *, lookup: Callable[[str], Sequence[str]] = resolve, http: httpx.Client | None = None
) -> None:
    """Make sure that a public https address opens; nothing of its content is read.

    Redirects are followed a few steps, since short links are made of them; each step is checked as the first was.

    :raises NotReached: nobody answers, or a server that is down.
    :raises FetchRefused: not https, not public, or there is nothing.
    """
    client = http or httpx.Client(trust_env=False)
    try:
        for _ in range(_HOPS):
            target, host = _pinned(_checked(url, "链接"), lookup, "链接")
            with client.stream(
                "GET", target, headers={"Host": host, "User-Agent": _BROWSER}, extensions={"sni_hostname": host},
                timeout=_TIMEOUT, follow_redirects=False,
            ) as response:  # fmt: skip
                if not response.has_redirect_location:
                    _judge(response.status_code)
                    return
                url = urljoin(url, response.headers["location"])
        raise FetchRefused("链接跳转太多次")
    except httpx.HTTPError as error:
        raise NotReached(f"链接打不开（{type(error).__name__}）") from None
    finally:
        if http is None:
            client.close()


def check_postable(
    url: str, *, trusted: Collection[str] = (), lookup: Callable[[str], Sequence[str]] = resolve
) -> None:
    """Make sure that `post_public` would go there. A name that does not resolve now may do so later.

    :raises FetchRefused: not https, with a port or a password, or not public.
    """
    if _origin(url) in trusted:
        return
    with contextlib.suppress(NotReached):
        _pinned(_checked(url, _RECEIVER), lookup, _RECEIVER)


def post_public(
    url: str, *, content: bytes, headers: Mapping[str, str], trusted: Collection[str] = (),
    lookup: Callable[[str], Sequence[str]] = resolve, http: httpx.Client | None = None,
) -> int:  # fmt: skip
    """Send bytes to a public https address and return the status of the answer, of which nothing else is read.

    The address is checked and pinned as in `fetch_public`; redirects are not followed. `trusted` are origins the
    operator names, such as the demo's own, which may lie anywhere.

    :raises FetchRefused: not acceptable, or nobody answered.
    """
    target, host = url, ""
    if _origin(url) not in trusted:
        target, host = _pinned(_checked(url, _RECEIVER), lookup, _RECEIVER)
    client = http or httpx.Client(trust_env=False)
    named = {**headers, "Host": host} if host else dict(headers)
    try:
        with client.stream(
            "POST", target, content=content, headers=named, timeout=_TIMEOUT, follow_redirects=False,
            extensions={"sni_hostname": host} if host else None,
        ) as response:  # fmt: skip
            return response.status_code
    except httpx.HTTPError as error:
        raise NotReached(f"{_RECEIVER}打不开（{type(error).__name__}）") from None
    finally:
        if http is None:
            client.close()


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _judge(status: int) -> None:
    if status >= _BROKEN:
        raise NotReached(f"链接返回 {status}")
    if status >= _ERRORS and status not in _SHY:
        raise FetchRefused(f"链接返回 {status}")


def _checked(url: str, what: str = "图片地址") -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise FetchRefused(f"{what}不正确") from None
    if parts.scheme != "https" or not parts.hostname:
        raise FetchRefused(f"{what}必须以 https:// 开头")
    if parts.username or parts.password or port not in {None, _HTTPS}:
        raise FetchRefused(f"{what}不能带账号或端口")
    return parts


def _pinned(parts: SplitResult, lookup: Callable[[str], Sequence[str]], what: str) -> tuple[str, str]:
    """The address with its host replaced by the IP that was checked, and the host."""
    host = str(parts.hostname)
    address = _public_address(host, lookup, what)
    literal = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 -- the version of IP
    return f"https://{literal}{parts.path or '/'}{'?' + parts.query if parts.query else ''}", host


def _public_address(host: str, lookup: Callable[[str], Sequence[str]], what: str) -> Address:
    try:
        addresses = [ipaddress.ip_address(found) for found in lookup(host)]
    except (OSError, ValueError):
        raise NotReached(f"{what}的域名无法解析") from None
    if not addresses or not all(_is_public(address) for address in addresses):
        raise FetchRefused(f"{what}不是公网地址")
    return addresses[0]


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or address.sixtofour or address.teredo or address in _TRANSLATED:
            return False
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _read(response: httpx.Response, *, max_bytes: int, media_types: Sequence[str]) -> Fetched:
    if response.status_code != _OK:
        raise FetchRefused(f"图片地址返回 {response.status_code}")
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in media_types:
        raise FetchRefused("图片地址返回的不是图片")
    ends_at = time.monotonic() + _SECONDS
    content = b""
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > max_bytes:
            raise FetchRefused(f"图片超过 {max_bytes // 1024 // 1024} MB")
        if time.monotonic() > ends_at:
            raise FetchRefused("图片下载超时")
    return Fetched(content=content, media_type=media_type)
