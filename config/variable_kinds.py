"""What a variable may hold: each kind parses a text or says in Chinese what it should have been."""

import base64
import binascii
import re
from collections.abc import Callable
from urllib.parse import urlsplit

_AES_KEY_BYTES = (16, 24, 32)
_MAX_KEY_ID = 255


def choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"只能是 {' / '.join(allowed)}")
        return text

    return parse


def boolean(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("只能是 true 或 false")


def count(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"应为 {least} 到 {most} 的整数")
        return int(text)

    return parse


def pattern(expression: str, hint: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(expression, text):
            raise ValueError(hint)
        return text

    return parse


def hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(part.strip() for part in text.split(",") if part.strip())
    for host in hosts:
        if not re.fullmatch(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9a-fA-F:.]+\]|\*", host):
            raise ValueError(f"{host!r} 不是域名（不带 http:// 和端口，多个用英文逗号分开）")
    return hosts


def origins(text: str) -> tuple[str, ...]:
    origins = tuple(part.strip() for part in text.split(",") if part.strip())
    for origin in origins:
        if not re.fullmatch(r"https?://[^/\s?#]+", origin):
            raise ValueError(f"{origin!r} 应写成 https://域名，末尾不带斜杠")
    return origins


def origin(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", text):
        raise ValueError("应写成 https://域名，末尾不带斜杠")
    return text


def address(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        try:
            parts = urlsplit(text)
            broken = parts.scheme not in schemes or not (parts.netloc or parts.path) or parts.port == 0
        except ValueError:
            broken = True
        if broken:
            raise ValueError(f"应以 {' 或 '.join(scheme + '://' for scheme in schemes)} 开头，主机与端口完整")
        return text

    return parse


def identity_keys(text: str) -> str:
    hint = "应为 编号:密钥，多个用英文逗号分开；编号 0 到 255 不重复，密钥是 16、24 或 32 字节的 base64"
    ids = []
    for pair in text.split(","):
        key_id, _, encoded = pair.strip().partition(":")
        try:
            size = len(base64.b64decode(encoded, validate=True))
        except binascii.Error:
            raise ValueError(hint) from None
        if not key_id.isascii() or not key_id.isdigit() or int(key_id) > _MAX_KEY_ID or size not in _AES_KEY_BYTES:
            raise ValueError(hint)
        ids.append(int(key_id))
    if len(set(ids)) != len(ids):
        raise ValueError(hint)
    return text


def web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+\S*", text):
        raise ValueError("应为 https:// 开头的网址")
    return text
