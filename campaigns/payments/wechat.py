"""WeChat Pay v3 (JSAPI, direct merchant) over the library `wechatpayv3`, which signs, verifies and keeps certificates.

What the library leaves open is closed here: a notice's age, an unknown certificate asked for in a loop, and whose
merchant number and app a notice speaks of.
"""

import csv
import gzip
import hashlib
import io
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
import structlog
from wechatpayv3 import WeChatPay, WeChatPayType

from campaigns.models import Payment, Refund
from campaigns.payments.provider import (
    BadNotice,
    BillLine,
    Found,
    Notice,
    NoticeKind,
    Prepared,
    ProviderRefused,
    ProviderUnavailable,
    RefundAnswer,
)
from members.services.partitions import BUSINESS_ZONE

_FRESH = timedelta(minutes=5)
_TIMEOUT = (5, 15)  # seconds to connect, to answer
_OK = frozenset({200, 204})
_NOT_FOUND, _TOO_MANY, _SERVER_FAULT = 404, 429, 500
_LATER = frozenset({"SYSTEM_ERROR", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "NOT_ENOUGH", "BANK_ERROR"})
_DESCRIPTION = 40  # characters: the platform allows 127 bytes
_REFUND_KINDS = {
    ("REFUND.SUCCESS", "SUCCESS"): NoticeKind.REFUNDED,
    ("REFUND.ABNORMAL", "ABNORMAL"): NoticeKind.REFUND_FAILED,  # the member's card or account is gone
    ("REFUND.CLOSED", "CLOSED"): NoticeKind.REFUND_FAILED,
}
_UNKNOWN_SERIAL_PAUSE = 60.0  # seconds between look-ups of certificates that nobody has vouched for

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """What the merchant platform gave out; `public_key` and its id for merchants that have no platform certificates."""

    mchid: str
    app_id: str
    serial: str
    private_key: str
    apiv3_key: str
    notify_url: str
    public_key: str | None = None
    public_key_id: str | None = None


class _NotFound(ProviderRefused):
    """The platform has no such number."""


class WeChatProvider:
    """Members pay inside WeChat. The client is made at the first use, since it fetches certificates."""

    key = "wechat"
    label = "微信支付"

    def __init__(self, merchant: Merchant) -> None:
        self._merchant = merchant
        self._made: WeChatPay | None = None
        self._making = threading.Lock()
        self._looked_at = -_UNKNOWN_SERIAL_PAUSE

    def prepare(self, payment: Payment, *, description: str, openid: str, expires_at: datetime) -> Prepared:
        if not openid:
            raise ProviderRefused("请在微信里打开再付款")
        answer = self._ask(
            lambda client: client.pay(
                description=description[:_DESCRIPTION], out_trade_no=payment.trade_no,
                amount={"total": payment.amount_fen, "currency": "CNY"}, payer={"openid": openid},
                time_expire=expires_at.astimezone(BUSINESS_ZONE).isoformat(timespec="seconds"),
            )
        )  # fmt: skip
        package = f"prepay_id={answer['prepay_id']}"
        stamp, nonce = str(int(time.time())), secrets.token_hex(16)
        signature = self._client().sign([self._merchant.app_id, stamp, nonce, package])
        return Prepared(
            jsapi={
                "appId": self._merchant.app_id, "timeStamp": stamp, "nonceStr": nonce, "package": package,
                "signType": "RSA", "paySign": signature,
            }
        )  # fmt: skip

    def read_notice(self, raw: bytes, headers: Mapping[str, str], *, at: datetime) -> Notice:
        stamp = headers.get("Wechatpay-Timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and abs(at.timestamp() - int(stamp)) <= _FRESH.total_seconds()):
            raise BadNotice("通知已过期")
        client = self._client()
        self._refuse_stranger(client, headers.get("Wechatpay-Serial", ""))
        try:
            said = client.callback(headers, raw)
        except requests.RequestException as fault:
            raise ProviderUnavailable(str(fault)) from fault
        except Exception as fault:  # the library raises bare Exceptions for whatever it does not like
            raise BadNotice(f"读不懂的通知：{fault}") from fault
        if not said:
            raise BadNotice("签名不对")
        return self._notice(said)

    def look_up(self, payment: Payment) -> Found | None:
        try:
            answer = self._ask(lambda client: client.query(out_trade_no=payment.trade_no))
        except _NotFound:
            return None
        if answer.get("trade_state") not in {"SUCCESS", "REFUND"}:
            return None
        return Found(
            answer["transaction_id"], int(answer["amount"]["total"]), datetime.fromisoformat(answer["success_time"])
        )

    def close(self, payment: Payment) -> None:
        try:
            self._ask(lambda client: client.close(out_trade_no=payment.trade_no))
        except _NotFound:
            return  # never opened there

    def refund(self, refund: Refund) -> RefundAnswer:
        answer = self._ask(
            lambda client: client.refund(
                out_refund_no=refund.key, out_trade_no=refund.payment.trade_no, reason=refund.reason[:_DESCRIPTION],
                amount={"refund": refund.amount_fen, "total": refund.payment.amount_fen, "currency": "CNY"},
            )
        )  # fmt: skip
        match answer.get("status"):
            case "SUCCESS":
                done = answer.get("success_time") or answer.get("create_time")
                return RefundAnswer(answer["refund_id"], datetime.fromisoformat(str(done)))
            case "PROCESSING":
                return RefundAnswer(answer["refund_id"], None)
            case status:
                raise ProviderRefused(f"微信退款状态 {status}，请到商户平台处理")

    def bill(self, day: date) -> list[BillLine]:
        try:
            told = self._ask(lambda client: client.trade_bill(bill_date=day.isoformat()))
        except ProviderRefused as no:
            if "NO_STATEMENT_EXIST" in str(no):
                return []  # nothing moved on that day
            raise
        code, content = self._call(lambda client: client.download_bill(told["download_url"]))
        if code not in _OK:
            raise ProviderUnavailable(f"下载账单：{code}")
        text = gzip.decompress(content if isinstance(content, bytes) else content.encode("latin-1"))
        if hashlib.sha1(text).hexdigest() != told["hash_value"].lower():  # noqa: S324 -- the platform's own checksum
            raise ProviderUnavailable("账单摘要不符")
        return list(read_bill(text.decode("utf-8-sig")))

    def _notice(self, said: dict[str, Any]) -> Notice:
        event, found = said.get("event_type", ""), said["resource"]
        if found.get("mchid") != self._merchant.mchid:
            raise BadNotice("不是本商户的通知")
        if event.startswith("TRANSACTION"):
            if found.get("appid") != self._merchant.app_id:
                raise BadNotice("不是本公众号的通知")
            is_paid = event == "TRANSACTION.SUCCESS" and found.get("trade_state") == "SUCCESS"
            return Notice(
                notice_id=said["id"], kind=NoticeKind.PAID if is_paid else NoticeKind.OTHER,
                number=found["out_trade_no"], provider_no=found.get("transaction_id", ""),
                amount_fen=int(found["amount"]["total"]), at=_moment(found.get("success_time"), said), body=said,
            )  # fmt: skip
        return Notice(
            notice_id=said["id"], kind=_REFUND_KINDS.get((event, found.get("refund_status")), NoticeKind.OTHER),
            number=found.get("out_refund_no", ""), provider_no=found.get("refund_id", ""),
            amount_fen=int(found.get("amount", {}).get("refund", 0)), at=_moment(found.get("success_time"), said),
            body=said,
        )  # fmt: skip

    def _refuse_stranger(self, client: WeChatPay, serial: str) -> None:
        """Certificates are fetched for a serial number not seen yet, at most once a minute: anyone can send numbers."""
        core = client._core  # noqa: SLF001 -- the library has no question for what it knows
        known = {format(one.serial_number, "X") for one in core._certificates}  # noqa: SLF001 -- as above
        if serial.upper().lstrip("0") in known or serial == self._merchant.public_key_id:
            return
        now = time.monotonic()
        if now - self._looked_at < _UNKNOWN_SERIAL_PAUSE:
            raise BadNotice("未知的平台证书")
        self._looked_at = now

    def _client(self) -> WeChatPay:
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> WeChatPay:
        one = self._merchant
        try:
            return WeChatPay(
                wechatpay_type=WeChatPayType.JSAPI, mchid=one.mchid, private_key=one.private_key,
                cert_serial_no=one.serial, appid=one.app_id, apiv3_key=one.apiv3_key, notify_url=one.notify_url,
                timeout=_TIMEOUT, public_key=one.public_key, public_key_id=one.public_key_id,
            )  # fmt: skip
        except Exception as fault:  # the library raises bare Exceptions: no certificate, no connection
            raise ProviderUnavailable(f"微信支付连接不上：{fault}") from fault

    def _call(self, ask: Callable[[WeChatPay], tuple[int, Any]]) -> tuple[int, Any]:
        client = self._client()
        try:
            return ask(client)
        except requests.RequestException as fault:
            raise ProviderUnavailable(str(fault)) from fault
        except Exception as fault:  # "failed to verify the signature": an answer nobody vouches for is no answer
            raise ProviderUnavailable(f"微信支付：{fault}") from fault

    def _ask(self, ask: Callable[[WeChatPay], tuple[int, Any]]) -> dict[str, Any]:
        code, text = self._call(ask)
        answer: dict[str, Any] = _json(text)
        if code in _OK:
            return answer
        fault = f"{answer.get('code', code)}：{answer.get('message', '')}"
        if code == _NOT_FOUND:
            raise _NotFound(fault)
        if code == _TOO_MANY or code >= _SERVER_FAULT or answer.get("code") in _LATER:
            raise ProviderUnavailable(fault)
        raise ProviderRefused(fault)


def read_bill(text: str) -> Iterator[BillLine]:
    """The lines of a trade bill: a header, rows whose fields begin with a back-tick, then a summary with its own."""
    rows = csv.reader(io.StringIO(text))
    header = next(rows, [])
    for row in rows:
        if len(row) != len(header) or not row[0].startswith("`"):
            return
        one = dict(zip(header, (field.removeprefix("`") for field in row), strict=True))
        if one["交易状态"] == "REFUND":
            yield BillLine(one["商户退款单号"], -_fen(one["申请退款金额"]), one["微信退款单号"])
        elif one["交易状态"] == "SUCCESS":
            yield BillLine(one["商户订单号"], _fen(one["订单金额"]), one["微信订单号"])


def configured(
    *, mchid: str, app_id: str, serial: str, private_key_file: str, apiv3_key: str, notify_url: str,
    public_key_file: str | None, public_key_id: str | None,
) -> WeChatProvider:  # fmt: skip
    """The provider of an installation; keys are read from their files."""
    return WeChatProvider(
        Merchant(
            mchid=mchid, app_id=app_id, serial=serial, private_key=Path(private_key_file).read_text("ascii"),
            apiv3_key=apiv3_key, notify_url=notify_url,
            public_key=Path(public_key_file).read_text("ascii") if public_key_file else None,
            public_key_id=public_key_id,
        )
    )  # fmt: skip


def _fen(yuan: str) -> int:
    return int(Decimal(yuan) * 100)


def _json(text: Any) -> dict[str, Any]:
    try:
        answer = json.loads(text or "{}")
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _moment(success_time: str | None, said: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(success_time or said["create_time"])
