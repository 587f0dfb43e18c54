"""One call to WeCom: admission, token, timeouts, and the treatment of what comes back (wecom.md §4)."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
import structlog

from wecom.client import limits
from wecom.client.errors import (
    BadAnswer,
    CredentialsRefused,
    OutcomeUnknown,
    Throttled,
    Treatment,
    WeComRefused,
    WeComUnavailable,
    rule_for,
)
from wecom.client.tokens import Fresh, SharedValue
from wecom.configuration import Application

logger = structlog.get_logger(__name__)

Answer = dict[str, Any]

TIMEOUT = httpx.Timeout(10, connect=3)
MEDIA_TIMEOUT = httpx.Timeout(60, connect=3)
TRIES = 3
_SECRET_CODES = frozenset({40001, 40013})
_HOUR = 3_600.0
_OK = 200
_SERVER_ERROR = 500
_TOO_MANY = 429


class Alerts(Protocol):
    """Where faults go that only a person can mend."""

    def report(self, *, code: int, subject: str, message: str) -> None: ...

    def recovered(self, *, code: int, subject: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `repeatable` says that doing it twice does no harm; only then is a lost answer asked for again."""

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    file: tuple[str, bytes, str] | None = field(default=None, repr=False)  # name, content, media type
    repeatable: bool = True
    tries: int = TRIES


class Transport:
    """Calls with the token of one application.

    :param base: without /cgi-bin, such as https://qyapi.weixin.qq.com.
    """

    def __init__(
        self,
        *,
        application: Application,
        base: str,
        http: httpx.Client,
        token: Callable[[Callable[[], Fresh]], SharedValue],
        limiter: limits.Limiter,
        alerts: Alerts,
        bulk: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.application = application
        self._base = f"{base.rstrip('/')}/cgi-bin/"
        self._http = http
        self._make_token = token
        self._token = token(self._fetch_token)
        self.limiter = limiter
        self._alerts = alerts
        self._bulk = bulk
        self._sleep = sleep

    def for_bulk(self) -> "Transport":
        """The same application with the smaller share of calls and the longer patience of a sync."""
        return Transport(
            application=self.application, base=self._base.removesuffix("/cgi-bin/"), http=self._http,
            token=self._make_token, limiter=self.limiter, alerts=self._alerts, bulk=True, sleep=self._sleep,
        )  # fmt: skip

    def get(self, path: str, **params: str | int) -> Answer:
        return self.call(Request("GET", path, params=params))

    def read(self, path: str, body: Mapping[str, Any]) -> Answer:
        """A POST that changes nothing."""
        return self.call(Request("POST", path, body=body))

    def write(self, path: str, body: Mapping[str, Any], *, repeatable: bool = False) -> Answer:
        """A POST that changes something; `repeatable` where writing the same twice leaves the same."""
        return self.call(Request("POST", path, body=body, repeatable=repeatable))

    def call(self, request: Request) -> Answer:
        """The answer to a request.

        :raises WeComRefused: an errcode this client does not mend by itself.
        :raises WeComUnavailable: not now (`Throttled`), or nobody knows (`OutcomeUnknown`).
        :raises BadAnswer: that is not WeCom's API.
        """
        refreshed = False
        failures = 0
        while True:
            token = self._token.get()
            try:
                answer = self._attempt(request, token=token)
            except WeComUnavailable as error:
                failures += 1
                if isinstance(error, (OutcomeUnknown, Throttled)) or failures >= request.tries:
                    raise
                self._back_off(failures)
                continue
            code = _errcode(answer)
            if code == 0:
                return answer
            treatment = rule_for(code).treatment
            if treatment is Treatment.REFRESH_TOKEN and not refreshed:
                refreshed = True
                self._token.drop(token)
                continue
            if treatment in {Treatment.RETRY, Treatment.NARROW}:
                failures += 1
                if treatment is Treatment.NARROW:
                    self.limiter.narrow()
                if failures < request.tries:
                    self._back_off(failures)
                    continue
            raise self._refusal(request.path, answer)

    def unblock(self) -> None:
        """Try a refused secret again."""
        self._token.unblock()

    def _attempt(self, request: Request, *, token: str | None) -> Answer:
        return _decoded(request.path, self._admitted(request, token=token))

    def _admitted(self, request: Request, *, token: str | None) -> httpx.Response:
        rate = limits.SPECIAL.get(request.path) or (self.limiter.bulk if self._bulk else limits.INTERACTIVE)
        patience = 90.0 if self._bulk else 5.0
        lane = "bulk" if self._bulk else "people"
        with self.limiter.admitted(request.path, rate=rate, lane=lane, patience=patience):
            return self._send(request, token=token)

    def _send(self, request: Request, *, token: str | None) -> httpx.Response:
        params = dict(request.params)
        if token is not None:
            params["access_token"] = token  # WeCom takes it nowhere else (41001)
        # httpx errors carry the request and so the token: ours is raised outside the handler, unchained.
        try:
            response = self._http.request(
                request.method, self._base + request.path, params=params, json=request.body,
                files={"media": request.file} if request.file else None,
                timeout=MEDIA_TIMEOUT if request.file else TIMEOUT, follow_redirects=False,
            )  # fmt: skip
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            failure = WeComUnavailable(f"{request.path}：连接不上企业微信（{type(error).__name__}）")
        except httpx.TransportError as error:
            failure = _unanswered(request, type(error).__name__)
        else:
            return _arrived(request, response)
        raise failure

    def _fetch_token(self) -> Fresh:
        app = self.application
        request = Request("GET", "gettoken", params={"corpid": app.corp_id, "corpsecret": app.secret})
        failures = 0
        while True:
            try:
                answer = self._attempt(request, token=None)
            except Throttled:
                raise
            except WeComUnavailable:
                failures += 1
                if failures >= TRIES:
                    raise
                self._back_off(failures)
                continue
            code = _errcode(answer)
            if code == 0:
                for secret_code in _SECRET_CODES:
                    self._alerts.recovered(code=secret_code, subject=app.name)
                return Fresh(value=str(answer["access_token"]), expires_in=int(answer["expires_in"]))
            failures += 1
            if rule_for(code).treatment is not Treatment.RETRY or failures >= TRIES:
                raise self._refusal(request.path, answer)
            self._back_off(failures)

    def _refusal(self, path: str, answer: Answer) -> WeComRefused | Throttled:
        """The exception for an errcode, after telling those who must know."""
        code = _errcode(answer)
        rule = rule_for(code)
        logger.warning("wecom_refused", api=path, errcode=code, errmsg=_message(answer))
        if rule.treatment is Treatment.PAUSE:
            seconds = self.limiter.pause(path, at_least=_HOUR if path == "gettoken" else 0)
            return Throttled(f"{path}：{rule.meaning}", retry_after=seconds)
        if rule.treatment is Treatment.ALERT:
            about_app = code not in {48002, 60011}
            self._alerts.report(
                code=code, subject=self.application.name if about_app else f"{self.application.name}:{path}",
                message=f"{rule.meaning}（{code}，{path}）",
            )  # fmt: skip
        if code in _SECRET_CODES:
            return CredentialsRefused(api=path, code=code)
        return WeComRefused(api=path, code=code, message=_message(answer))

    def _back_off(self, failures: int) -> None:
        self._sleep(0.2 * 4**failures * random.uniform(0.5, 1))  # noqa: S311 -- jitter, not a secret


def _arrived(request: Request, response: httpx.Response) -> httpx.Response:
    if response.status_code >= _SERVER_ERROR or response.status_code == _TOO_MANY:
        raise _unanswered(request, f"HTTP {response.status_code}")
    if response.status_code != _OK:
        raise BadAnswer(f"{request.path}：HTTP {response.status_code}，请核对 WECOM_API_BASE")
    return response


def _unanswered(request: Request, reason: str) -> WeComUnavailable:
    if request.repeatable:
        return WeComUnavailable(f"{request.path}：企业微信没有应答（{reason}）")
    return OutcomeUnknown(f"{request.path}：请求已发出但没有应答（{reason}）")


def _decoded(path: str, response: httpx.Response) -> Answer:
    try:
        answer = response.json()
    except ValueError:
        raise BadAnswer(f"{path}：返回的不是 JSON") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("errcode", 0), int):
        raise BadAnswer(f"{path}：返回的格式不对")
    return answer


def _errcode(answer: Answer) -> int:
    return int(answer.get("errcode", 0))


def _message(answer: Answer) -> str:
    """The stable half of errmsg: what follows names our address and a hint that changes with every call."""
    return str(answer.get("errmsg", "")).partition(", hint:")[0][:200]
