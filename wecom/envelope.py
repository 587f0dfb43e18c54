"""The encrypted envelope around everything that reaches the callback address.

Decryption is wechatpy's; the signature is checked here first, in constant time, since wechatpy compares with `!=`.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from functools import lru_cache
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from django.core.exceptions import ImproperlyConfigured
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.enterprise.exceptions import InvalidCorpIdException

_KEY_BYTES = 32


class BadEnvelope(Exception):
    """What arrived is not from WeCom, or not for us."""


class MalformedPacket(BadEnvelope):
    """The body is neither of the two packets WeCom sends."""


class BadSignature(BadEnvelope):
    """The signature does not belong to this payload."""


class WrongReceiver(BadEnvelope):
    """The payload was sealed for another company."""


def encrypted_payload(body: bytes) -> str:
    """The sealed part of a callback's body, XML (the default) or JSON.

    :raises MalformedPacket: neither, or with a DTD or entities.
    """
    if body.lstrip()[:1] == b"{":
        return _from_json(body)
    try:
        root = ElementTree.fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:  # LookupError: an encoding nobody has heard of
        raise MalformedPacket("不是 XML") from error
    return _present(root.findtext("Encrypt"))


def _from_json(body: bytes) -> str:
    try:
        packet = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedPacket("不是 JSON") from error
    return _present(packet.get("encrypt"))


def _present(payload: object) -> str:
    if not isinstance(payload, str) or not payload.strip():
        raise MalformedPacket("没有密文")
    return payload.strip()


@dataclass(frozen=True)
class Envelope:
    """The token and key of one callback address. `receiver` is the corp id of a self-built app."""

    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    receiver: str

    def __post_init__(self) -> None:
        try:
            usable = len(base64.b64decode(self.aes_key + "=", validate=True)) == _KEY_BYTES
        except (binascii.Error, ValueError):
            usable = False
        if not usable:
            raise ImproperlyConfigured("WECOM_AES_KEY 应为 43 位的字母或数字")

    def signature(self, *, timestamp: str, nonce: str, payload: str) -> str:
        """What `msg_signature` must be for this payload."""
        parts = sorted(part.encode("utf-8", "surrogatepass") for part in (self.token, timestamp, nonce, payload))
        return hashlib.sha1(b"".join(parts), usedforsecurity=False).hexdigest()

    def open(self, payload: str, *, signature: str, timestamp: str, nonce: str) -> str:
        """The plaintext of a payload.

        :raises BadSignature: it was not sealed with our token.
        :raises WrongReceiver: it was sealed for another company.
        :raises MalformedPacket: the signature is right and the content is not.
        """
        expected = self.signature(timestamp=timestamp, nonce=nonce, payload=payload)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass")):
            raise BadSignature
        try:
            plaintext: str = self._crypto().decrypt_message({"Encrypt": payload}, expected, timestamp, nonce)
        except InvalidCorpIdException:
            raise WrongReceiver from None
        except Exception as error:  # wechatpy lets whatever base64, AES, struct and UTF-8 raise through
            raise MalformedPacket("密文无法解开") from error
        return plaintext

    def seal(self, plaintext: str, *, timestamp: str, nonce: str) -> str:
        """The XML packet WeCom would send for this plaintext; passive replies and the bench use it."""
        packet: str = self._crypto().encrypt_message(plaintext, nonce, timestamp)
        return packet

    def _crypto(self) -> WeChatCrypto:
        return _crypto(self.token, self.aes_key, self.receiver)


@lru_cache(maxsize=8)
def _crypto(token: str, aes_key: str, receiver: str) -> WeChatCrypto:
    return WeChatCrypto(token, aes_key, receiver)
