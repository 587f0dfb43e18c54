"""The courier of callbacks: encrypts what is due and posts it to the platform, at most three times."""

import asyncio
import contextlib
import random

import httpx
import structlog

from wecom.sandbox import envelope
from wecom.sandbox.store import Row, Store
from wecom.sandbox.world import clockwork

logger = structlog.get_logger(__name__)
TRIES = 3
TIMEOUT = 5.0
_TICK = 0.5
_OK = 200


class Courier:
    """The loop that sends what is due. An unanswered event is tried three times, then WeCom gives up."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._http: httpx.AsyncClient | None = None
        self._round = asyncio.Lock()

    def start(self) -> None:
        self._http = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._http:
            await self._http.aclose()

    def wake(self) -> None:
        self._woken.set()

    async def deliver_due(self, *, most: int | None = None) -> int:
        """Send what is due by now; how many deliveries ended. Without an address everything waits.

        :param most: stop when so many have ended
        """
        ended = 0
        while most is None or ended < most:
            async with self._round:
                with self._store.transaction():
                    busy = clockwork.settle(self._store)
                rows = self._store.all(
                    "SELECT delivery.id, tries, plaintext, kind FROM delivery JOIN event ON event.id = delivery.event"
                    " WHERE state = 'waiting' AND due <= ? ORDER BY due, delivery.id LIMIT ?",
                    self._store.now(), max(1, int(self._store.setting("callback_parallel"))),
                )  # fmt: skip
                if not self._store.setting("callback_url"):
                    rows = []
                if not rows and not busy:
                    return ended
                ended += sum(await asyncio.gather(*(self._deliver(row) for row in rows)))
        return ended

    async def _run(self) -> None:
        while True:
            try:
                await self.deliver_due()
            except Exception:  # one bad event must not end all callbacks
                logger.exception("sandbox_delivery_failed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _TICK)
            self._woken.clear()

    async def _deliver(self, row: Row) -> bool:
        """One try; whether it was the last, by success or by patience."""
        status = await self._post(row["plaintext"])
        tries = row["tries"] + 1
        done = status == _OK
        state = "delivered" if done else "given up" if tries >= TRIES else "waiting"
        store = self._store
        with store.transaction():
            store.note(
                kind="callback",
                name=row["kind"],
                request=row["plaintext"],
                answer=f"HTTP {status}",
                errcode=0 if done else -1,
            )
            store.run(
                "UPDATE delivery SET tries = ?, state = ?, due = ? WHERE id = ?",
                tries, state, store.now() + store.setting("callback_retry_seconds"), row["id"],
            )  # fmt: skip
        return state != "waiting"

    async def _post(self, plaintext: str) -> int:
        """The status, or 0 where none came within five seconds."""
        store = self._store
        url, timestamp, nonce = store.setting("callback_url"), str(int(store.now())), str(random.randrange(10**9))  # noqa: S311 -- a nonce of a simulator
        payload = envelope.encrypted(
            plaintext, aes_key=store.setting("callback_aes_key"), receiver=store.setting("corp_id")
        )
        sign = envelope.signature(
            token=store.setting("callback_token"), timestamp=timestamp, nonce=nonce, payload=payload
        )
        body = envelope.packet(
            receiver=store.setting("corp_id"), agent_id=str(store.setting("agent_id")), payload=payload
        )
        if self._http is None:
            return 0
        try:
            response = await self._http.post(
                url, params={"msg_signature": sign, "timestamp": timestamp, "nonce": nonce}, content=body.encode(),
                headers={"content-type": "text/xml"},
            )  # fmt: skip
        except (httpx.HTTPError, httpx.InvalidURL):
            return 0
        return response.status_code

    async def verify_url(self) -> str:
        """Do what WeCom does when an admin saves the address: the GET with an echo. "" or why it is refused (40057)."""
        store, echo = self._store, str(random.randrange(10**18, 10**19))  # noqa: S311 -- an echo of a simulator
        timestamp, nonce = str(int(store.now())), str(random.randrange(10**9))  # noqa: S311 -- as above
        sealed = envelope.encrypted(echo, aes_key=store.setting("callback_aes_key"), receiver=store.setting("corp_id"))
        sign = envelope.signature(
            token=store.setting("callback_token"), timestamp=timestamp, nonce=nonce, payload=sealed
        )
        query = {"msg_signature": sign, "timestamp": timestamp, "nonce": nonce, "echostr": sealed}
        if self._http is None:
            return "40057 尚未启动"
        try:
            response = await self._http.get(store.setting("callback_url"), params=query, timeout=1.0)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"40057 {type(error).__name__}"
        return "" if response.content == echo.encode() and response.status_code == _OK else "40057 回答与原文不同"
