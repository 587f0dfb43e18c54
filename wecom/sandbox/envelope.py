"""Sealing of callbacks as wecom.md §1.2–1.3 describes it, written from that text alone."""

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32
_NOT_XML = {number: "\N{REPLACEMENT CHARACTER}" for number in range(32) if number not in {9, 10, 13}}


def xml_of(fields: Mapping[str, Any]) -> str:
    """An event as WeCom writes it: texts as CDATA, numbers bare, a list as one element per item."""
    return f"<xml>{_elements(fields)}</xml>"


def _elements(fields: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_content(item)}</{name}>"
        for name, value in fields.items()
        for item in (value if isinstance(value, Sequence) and not isinstance(value, str) else [value])
    )


def _content(value: Any) -> str:
    if isinstance(value, Mapping):
        return _elements(value)
    if isinstance(value, int):
        return str(value)
    text = str(value).translate(_NOT_XML).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{text}]]>"


def encrypted(plaintext: str, *, aes_key: str, receiver: str) -> str:
    """Base64 of AES-256-CBC over random16 ‖ length ‖ message ‖ receiver, padded to blocks of 32."""
    key = base64.b64decode(aes_key + "=")
    message = plaintext.encode()
    body = os.urandom(16) + len(message).to_bytes(4, "big") + message + receiver.encode()
    pad = _BLOCK - len(body) % _BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(body + bytes([pad]) * pad) + encryptor.finalize()).decode()


def signature(*, token: str, timestamp: str, nonce: str, payload: str) -> str:
    joined = b"".join(sorted(part.encode() for part in (token, timestamp, nonce, payload)))
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def packet(*, receiver: str, agent_id: str, payload: str) -> str:
    """The body of a callback."""
    return (
        f"<xml><ToUserName><![CDATA[{escape(receiver)}]]></ToUserName><AgentID><![CDATA[{agent_id}]]></AgentID>"
        f"<Encrypt><![CDATA[{payload}]]></Encrypt></xml>"
    )
