"""WeChat Pay as the merchant platform documents it, with keys of its own, at the edge of `requests`."""

import base64
import gzip
import hashlib
import json
import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from campaigns.payments.wechat import Merchant

MCHID, APP_ID, APIV3_KEY = "1900000109", "wx1234567890abcdef", "0123456789abcdef0123456789abcdef"
SERIAL = "7132D72A03E93CDDF8C03BBD1F37EEDF8CDB5E6A"


class Platform:
    """Answers like api.mch.weixin.qq.com; `certificates` are valid, the last one signs."""

    def __init__(self):
        self.merchant_key = rsa.generate_private_key(65_537, 2048)
        self.certificates = []
        self.trades, self.refunds, self.asked, self.bill_text = {}, {}, [], ""
        self.rotate()

    def rotate(self):
        key = rsa.generate_private_key(65_537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "platform")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365)).sign(key, hashes.SHA256())
        )  # fmt: skip
        self.certificates.append((key, made))

    @property
    def merchant(self):
        pem = self.merchant_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Merchant(
            mchid=MCHID, app_id=APP_ID, serial=SERIAL, private_key=pem.decode(), apiv3_key=APIV3_KEY,
            notify_url="https://shop.example/pay/notify/wechat/",
        )  # fmt: skip

    def signed(self, body, *, at=None, key=None, serial=None):
        """The headers under which the platform sends a body."""
        mine, certificate = self.certificates[-1]
        stamp, nonce = str(int(at.timestamp() if at else time.time())), secrets.token_hex(16)
        message = f"{stamp}\n{nonce}\n{body}\n".encode()
        signature = (key or mine).sign(message, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Wechatpay-Timestamp": stamp, "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": serial or format(certificate.serial_number, "X"),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }  # fmt: skip

    def notice(self, event, found, *, notice_id=None):
        """The body of a notice, its resource sealed with the merchant's APIv3 key."""
        body = {
            "id": notice_id or secrets.token_hex(16), "create_time": "2026-03-02T10:01:00+08:00",
            "event_type": event, "resource_type": "encrypt-resource", "summary": "x",
            "resource": self.sealed(json.dumps(found), "transaction"),
        }  # fmt: skip
        return json.dumps(body)

    def paid(self, trade_no, *, total, **changed):
        """What a notice about a payment says."""
        return {
            "mchid": MCHID, "appid": APP_ID, "out_trade_no": trade_no, "transaction_id": "4200000001",
            "trade_state": "SUCCESS", "success_time": "2026-03-02T10:01:00+08:00",
            "amount": {"total": total, "payer_total": total, "currency": "CNY"},
        } | changed  # fmt: skip

    @staticmethod
    def sealed(plaintext, associated):
        nonce = secrets.token_hex(6)
        sealed = AESGCM(APIV3_KEY.encode()).encrypt(nonce.encode(), plaintext.encode(), associated.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": associated,
            "ciphertext": base64.b64encode(sealed).decode(),
        }  # fmt: skip

    def send(self, request, **_):
        """In the place of `HTTPAdapter.send`."""
        path = urlsplit(request.url)
        self._check(request, f"{path.path}?{path.query}" if path.query else path.path)
        body = json.loads(request.body) if request.body else {}
        self.asked.append((request.method, path.path))
        code, content = self._answer(request.method, path.path, body)
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = code, request.url, request
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        if code == 204:
            raw = b""
        answer._content = raw
        kind = "application/octet-stream" if isinstance(content, bytes) else "application/json"
        answer.headers.update(self.signed("" if isinstance(content, bytes) else raw.decode()) | {"Content-Type": kind})
        return answer

    def _check(self, request, path):
        """Refuse, as the platform does, what the merchant did not sign."""
        head = request.headers["Authorization"]
        said = dict(re.findall(r'(\w+)="([^"]*)"', head))
        body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        message = f"{request.method}\n{path}\n{said['timestamp']}\n{said['nonce_str']}\n{body}\n".encode()
        try:
            self.merchant_key.public_key().verify(
                base64.b64decode(said["signature"]), message, padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            raise AssertionError("the merchant's signature is wrong") from None
        assert (said["mchid"], said["serial_no"]) == (MCHID, SERIAL)

    def _answer(self, method, path, body):  # noqa: PLR0911 -- one per address
        if path == "/v3/certificates":
            return 200, {"data": [self._certificate(one) for _, one in self.certificates]}
        if path == "/v3/pay/transactions/jsapi":
            self.trades[body["out_trade_no"]] = body
            return 200, {"prepay_id": "wx201410272009395522657a690389285100"}
        if path == "/v3/refund/domestic/refunds":
            made = self.refunds.setdefault(
                body["out_refund_no"],
                {"refund_id": f"50{len(self.refunds)}", "status": "PROCESSING", "amount": body["amount"]},
            )
            return 200, made
        if path == "/v3/bill/tradebill":
            return 200, {
                "hash_type": "SHA1",
                "hash_value": hashlib.sha1(self.bill_text.encode(), usedforsecurity=False).hexdigest(),
                "download_url": "https://api.mch.weixin.qq.com/v3/billdownload/file?token=x",
            }  # fmt: skip
        if path == "/v3/billdownload/file":
            return 200, gzip.compress(self.bill_text.encode())
        trade = self.trades.get(path.split("/")[5]) if path.startswith("/v3/pay/transactions/out-trade-no/") else None
        if trade is None:
            return 404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}
        if method == "POST":
            trade["closed"] = True
            return 204, {}
        state = {"out_trade_no": trade["out_trade_no"], "trade_state": "NOTPAY"}
        return 200, state | trade.get("now", {})

    def _certificate(self, one):
        pem = one.public_bytes(serialization.Encoding.PEM).decode()
        return {
            "serial_no": format(one.serial_number, "X"), "effective_time": one.not_valid_before_utc.isoformat(),
            "expire_time": one.not_valid_after_utc.isoformat(), "encrypt_certificate": self.sealed(pem, "certificate"),
        }  # fmt: skip
