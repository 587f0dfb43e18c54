"""The ASGI application: /cgi-bin/ is WeCom's, everything below /sandbox/ is ours."""

import asyncio
import json
from typing import Any

from wecom.sandbox import gate
from wecom.sandbox.answers import Refused, answer_of
from wecom.sandbox.api import catalogue
from wecom.sandbox.arguments import Arguments
from wecom.sandbox.callbacks import Courier
from wecom.sandbox.routing import APIS, Api, Call, Upload
from wecom.sandbox.store import Store
from wecom.sandbox.web import control, site
from wecom.sandbox.web.http import (
    Receive,
    Request,
    Response,
    Scope,
    Send,
    TooLarge,
    json_response,
    read_request,
    uploaded_file,
    write_response,
)

_PREFIX = "/cgi-bin/"
_WRONG_SECRET = 40001
catalogue.load()


class Sandbox:
    """One simulated company as an application. Calls are carried out one after the other, each in one transaction."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.courier = Courier(store)
        self._in_flight = gate.InFlight()
        self._held: dict[str, asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            try:
                response = await self._respond(await read_request(scope, receive))
            except TooLarge:
                response = Response(413)
            await write_response(send, response)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.courier.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for gate_ in self._held.values():
            gate_.set()
        await self.courier.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _respond(self, request: Request) -> Response:
        if request.path.startswith(_PREFIX):
            api = APIS.get(request.path.removeprefix(_PREFIX))
            return Response(404) if api is None else await self._call(api, request)
        if request.path.startswith("/sandbox/hold/") and request.method == "POST":
            return self._hold(request)
        if request.path.startswith("/sandbox/api/"):
            response = await control.respond(self.store, self.courier, request)
        else:
            response = site.respond(self.store, request)
        self.courier.wake()
        return response

    def _hold(self, request: Request) -> Response:
        """Let calls of an API wait until they are released: how a test makes calls overlap for certain."""
        path, _, verb = request.path.removeprefix("/sandbox/hold/").rpartition("/")
        if verb == "on":
            self._held.setdefault(path, asyncio.Event())
        elif path in self._held:
            self._held.pop(path).set()
        return json_response({"held": sorted(self._held), "in_flight": self._in_flight.calls})

    async def _call(self, api: Api, request: Request) -> Response:
        given, warning = _arguments(api, request)
        subject = str(given.get(api.serial, "")) if api.serial else ""
        code = self._in_flight.enter(self.store, api, subject)
        try:
            if not code:
                await self._take_time(api)
            return self._carry_out(api, request, given, code, warning)
        finally:
            self._in_flight.leave(api, subject)

    async def _take_time(self, api: Api) -> None:
        if latency := self.store.setting("latency"):
            await asyncio.sleep(latency)
        if api.path in self._held:
            await self._held[api.path].wait()

    def _carry_out(self, api: Api, request: Request, given: dict[str, Any], code: int, warning: str) -> Response:
        store = self.store
        noted = {name: value for name, value in given.items() if name not in {"access_token", "corpsecret"}}
        with store.transaction():
            if store.setting("outage") == "down" or gate.arranged(store, api.path, "http"):
                store.note(kind="api", name=api.path, request=noted, answer="HTTP 502", errcode=-502)
                return Response(502)
            try:
                answer = {"errcode": 0, "errmsg": warning or "ok", **self._handled(api, request, given, code)}
            except Refused as refusal:
                if refusal.counted:
                    store.count(*refusal.counted)
                if refusal.errcode == _WRONG_SECRET:
                    gate.punish_wrong_secret(store, request.ip)
                answer = answer_of(refusal, empty=api.empty, ip=request.ip, hint=store.count("hint", 0))
            lost = answer["errcode"] == 0 and gate.arranged(store, api.path, "lost")
            shown = {name: "…" if name in {"access_token", "ticket"} else value for name, value in answer.items()}
            store.note(kind="api", name=api.path, request=noted, answer=shown, errcode=answer["errcode"])
        response = json_response(answer)
        return Response(200, headers=response.headers, broken=True) if lost else response

    def _handled(self, api: Api, request: Request, given: dict[str, Any], code: int) -> dict[str, Any]:
        """:raises Refused: and then nothing the API did is kept; what the gate counted is."""
        if code:
            raise Refused(code)
        store, now = self.store, int(self.store.now())
        kind = gate.admit(store, api, token=request.query.get("access_token", ""), ip=request.ip, now=now)
        call = _call(api, request, given, store=store, now=now, kind=kind)
        try:
            with store.transaction():
                return api.handler(call)
        except (UnicodeEncodeError, OverflowError):  # half a surrogate pair, or a number no database holds
            raise Refused(40035) from None


def _arguments(api: Api, request: Request) -> tuple[dict[str, Any], str]:
    """What was given, and the warning that stands in errmsg where the body was not JSON."""
    if api.method == "GET" or "multipart/" in request.headers.get("content-type", ""):
        return dict(request.query), ""
    if request.method == "GET":
        return {}, ""
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return {}, "ok. Warning: wrong json format."
    return (body, "") if isinstance(body, dict) else ({}, "ok. Warning: wrong json format.")


def _call(api: Api, request: Request, given: dict[str, Any], *, store: Store, now: int, kind: str) -> Call:
    if api.method == "POST" and request.method == "GET":
        raise Refused(40003, "GET used where POST is wanted")
    file = uploaded_file(request, "media") if api.path.startswith("media/") else None
    query = Arguments({**request.query, "ip": request.ip}, texts_only=True)
    arguments = query if api.method == "GET" else Arguments(given)
    return Call(store, now, arguments, query, kind, Upload(*file) if file else None)
