"""Signatures that let our pages call the WeCom client (wecom.md §3.16). Tickets stay on the server."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from wecom.client.tokens import Fresh, SharedValue
from wecom.client.transport import Transport

Ticket = Literal["corp", "agent"]


@dataclass(frozen=True, slots=True)
class Signature:
    timestamp: int
    nonce: str
    signature: str


@dataclass(frozen=True, slots=True)
class JsSdk:
    """`share` makes the cached value of a ticket; keys hold the app, since two apps of a company differ."""

    transport: Transport
    share: Callable[[str, Callable[[], Fresh]], SharedValue] = field(repr=False)

    def sign(self, *, url: str, ticket: Ticket, timestamp: int | None = None, nonce: str = "") -> Signature:
        """The signature of a page: "corp" for `getConfigSignature`, "agent" for `getAgentConfigSignature`.

        `url` is the page's address exactly as the browser has it; what follows `#` does not count.
        """
        fetch = self._corp_ticket if ticket == "corp" else self._agent_ticket
        value = self.share(f"ticket:{ticket}", fetch).get()
        moment = int(time.time()) if timestamp is None else timestamp
        nonce = nonce or secrets.token_hex(8)
        page = url.partition("#")[0]
        text = f"jsapi_ticket={value}&noncestr={nonce}&timestamp={moment}&url={page}"
        digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        return Signature(timestamp=moment, nonce=nonce, signature=digest)

    def _corp_ticket(self) -> Fresh:
        answer = self.transport.get("get_jsapi_ticket")
        return Fresh(value=str(answer["ticket"]), expires_in=int(answer["expires_in"]))

    def _agent_ticket(self) -> Fresh:
        answer = self.transport.get("ticket/get", type="agent_config")
        return Fresh(value=str(answer["ticket"]), expires_in=int(answer["expires_in"]))
