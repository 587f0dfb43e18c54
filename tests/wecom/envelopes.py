"""WeCom's official test company, and packets sealed for it."""

import base64
import hashlib
import os
import struct
from datetime import datetime
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.http import HttpResponse
from django.test import Client

from wecom.events import Event

TOKEN = "QDG6eK"
CORP_ID = "wx5823bf96d3bd56c7"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
URL = "/wecom/callback/"


def seal(plaintext: bytes, *, receiver: str = CORP_ID, aes_key: str = AES_KEY) -> str:
    """Encrypt as WeCom's documentation says, independently of the code under test."""
    key = base64.b64decode(aes_key + "=")
    content = os.urandom(16) + struct.pack(">I", len(plaintext)) + plaintext + receiver.encode()
    pad = 32 - len(content) % 32
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(content + bytes([pad]) * pad) + encryptor.finalize()).decode()


def sign(payload: str, *, token: str = TOKEN, timestamp: str = "1767571200", nonce: str = "n1") -> dict[str, str]:
    signature = hashlib.sha1(
        "".join(sorted([token, timestamp, nonce, payload])).encode(), usedforsecurity=False
    ).hexdigest()
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}


def packet(payload: str) -> str:
    return f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName><Encrypt><![CDATA[{payload}]]></Encrypt></xml>"


def deliver(client: Client, plaintext: str, **sealing: str) -> HttpResponse:
    """POST a plaintext as WeCom would, each time in a new envelope."""
    payload = seal(plaintext.encode(), **sealing)
    return client.post(f"{URL}?{urlencode(sign(payload))}", packet(payload), content_type="text/xml")


def event_xml(event: str, change: str = "", *, created: int = 1_767_571_200, **fields: str) -> str:
    changed = f"<ChangeType>{change}</ChangeType>" if change else ""
    rest = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return (
        f"<xml><ToUserName>{CORP_ID}</ToUserName><FromUserName>sys</FromUserName><CreateTime>{created}</CreateTime>"
        f"<MsgType>event</MsgType><Event>{event}</Event>{changed}{rest}</xml>"
    )


def idle(event: Event, *, at: datetime) -> None:
    """A handler that is content with whatever comes."""
