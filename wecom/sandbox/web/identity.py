"""Who holds the phone: OAuth inside the client, the web log-in, and the cookie of an opened phone (wecom.md §3.15)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from wecom.sandbox.store import Store
from wecom.sandbox.web.http import Request, Response, redirect
from wecom.sandbox.world.people import LEFT

COOKIE = "sandbox_phone"
ENTRIES = ("normal", "group_chat_tools", "single_chat_tools", "contact_profile", "chat_attachment")
_CODE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Phone:
    """An opened phone: whose it is, from where a page was opened, and beside which chat or customer."""

    userid: str
    entry: str = "normal"
    chat_id: str = ""
    contact: str = ""

    @classmethod
    def of(cls, request: Request) -> "Phone | None":
        parts = [unquote(part) for part in request.cookie(COOKIE).split("~")]
        whole = len(parts) == 4 and parts[0] and parts[1] in ENTRIES  # noqa: PLR2004 -- the four fields
        return cls(*parts) if whole else None

    def cookie(self) -> str:
        value = "~".join(quote(part, safe="") for part in (self.userid, self.entry, self.chat_id, self.contact))
        return f"{COOKIE}={value}; Path=/; SameSite=Lax"


class BadLink(ValueError):
    """The link would show an error page in the client; the message says why, in Chinese."""


def is_trusted(store: Store, address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in {"http", "https"} and parts.netloc in store.setting("trusted_domains")


def asked_for(store: Store, request: Request, *, web: bool) -> dict[str, str]:
    """The checked parameters of an authorisation link. :raises BadLink:"""
    query = request.query
    if query.get("appid") != store.setting("corp_id"):
        raise BadLink("appid 不是本企业")
    if not is_trusted(store, query.get("redirect_uri", "")):
        raise BadLink("redirect_uri 需使用应用可信域名")
    agent = str(store.setting("agent_id"))
    scope = query.get("scope", "snsapi_base")
    if web:
        if query.get("login_type") != "CorpApp" or query.get("agentid") != agent:
            raise BadLink("login_type 或 agentid 不对")
        scope = "snsapi_base"
    elif query.get("response_type") != "code" or scope not in {"snsapi_base", "snsapi_privateinfo"}:
        raise BadLink("response_type 或 scope 不对")
    elif scope == "snsapi_privateinfo" and query.get("agentid") != agent:
        raise BadLink("snsapi_privateinfo 必须带 agentid")
    return {"redirect_uri": query["redirect_uri"], "state": query.get("state", ""), "scope": scope}


def authorised(store: Store, *, person: str, redirect_uri: str, state: str, scope: str) -> Response:
    """Send the browser back with a code that works once, for five minutes."""
    if not is_trusted(store, redirect_uri):
        raise BadLink("redirect_uri 需使用应用可信域名")
    code = store.new_id("oc", 40)
    store.keep("oauth_code", code, {**_who(store, person, scope), "expires": int(store.now()) + _CODE_SECONDS})
    joint = "&" if urlsplit(redirect_uri).query else "?"
    base, mark, fragment = redirect_uri.partition("#")
    return redirect(f"{base}{joint}{urlencode({'code': code, 'state': state})}{mark}{fragment}")


def _who(store: Store, person: str, scope: str) -> dict[str, Any]:
    row = store.one("SELECT userid FROM staff WHERE userid = ? AND status <> ?", person, LEFT)
    if row is not None:
        return {"userid": row["userid"], "private": scope == "snsapi_privateinfo"}
    contact = store.one("SELECT id FROM contact WHERE id = ?", person)
    if contact is None:
        raise BadLink("没有这个人")
    return {"openid": f"oid{person[2:]}", "external_userid": person}


def opened(store: Store, request: Request) -> Response:
    """Open a page of the platform in somebody's phone: a member's, or a customer's."""
    query = request.query
    address = query.get("url", "")
    if not is_trusted(store, address):
        raise BadLink("只能打开应用可信域名下的页面")
    phone = Phone(
        query.get("userid", ""), query.get("entry", "normal"), query.get("chat", ""), query.get("contact", "")
    )
    is_member = store.one("SELECT 1 FROM staff WHERE userid = ? AND status <> ?", phone.userid, LEFT)
    if is_member is None and store.one("SELECT 1 FROM contact WHERE id = ?", phone.userid) is None:
        raise BadLink("没有这个人")
    response = redirect(address)
    return Response(303, headers={**response.headers, "set-cookie": phone.cookie()})
