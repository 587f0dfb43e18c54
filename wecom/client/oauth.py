"""Who is in front of the screen (wecom.md §3.15). The caller makes `state` and compares it when the browser returns."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from wecom.client.transport import Answer, Request, Transport

CLIENT_BASE, DESKTOP_BASE = "https://open.weixin.qq.com", "https://login.work.weixin.qq.com"
Scope = Literal["snsapi_base", "snsapi_privateinfo"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member has a `userid`; anybody else has an `openid`, and an `external_userid` if she is a customer."""

    userid: str = ""
    user_ticket: str = ""
    openid: str = ""
    external_userid: str = ""


@dataclass(frozen=True, slots=True)
class OAuth:
    transport: Transport
    client_base: str = CLIENT_BASE
    desktop_base: str = DESKTOP_BASE

    def client_url(self, *, redirect_uri: str, state: str, scope: Scope = "snsapi_base") -> str:
        """Where to send a browser inside the WeCom client."""
        app = self.transport.application
        query = {
            "appid": app.corp_id, "redirect_uri": redirect_uri, "response_type": "code", "scope": scope,
            "state": state, "agentid": app.agent_id,
        }  # fmt: skip
        return f"{self.client_base}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"

    def desktop_url(self, *, redirect_uri: str, state: str) -> str:
        """Where to send a browser on a desktop, to scan."""
        app = self.transport.application
        query = {
            "login_type": "CorpApp", "appid": app.corp_id, "agentid": app.agent_id, "redirect_uri": redirect_uri,
            "state": state,
        }  # fmt: skip
        return f"{self.desktop_base}/wwlogin/sso/login?{urlencode(query)}"

    def visitor(self, *, code: str) -> Visitor:
        """Who a code stands for. A code works once, so a lost answer is not asked for again."""
        request = Request("GET", "auth/getuserinfo", params={"code": code}, repeatable=False)
        answer = self.transport.call(request)
        return Visitor(
            userid=answer.get("userid", ""),
            user_ticket=answer.get("user_ticket", ""),
            openid=answer.get("openid", ""),
            external_userid=answer.get("external_userid", ""),
        )

    def private_details(self, *, user_ticket: str) -> Answer:
        """What the member agreed to show: mobile, gender, avatar, e-mail, address."""
        answer = self.transport.read("auth/getuserdetail", {"user_ticket": user_ticket})
        return {name: value for name, value in answer.items() if name not in {"errcode", "errmsg"}}
