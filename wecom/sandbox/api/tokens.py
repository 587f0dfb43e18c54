"""gettoken and the JS-SDK tickets (wecom.md §3.1, §3.16)."""

from wecom.sandbox.answers import Refused
from wecom.sandbox.routing import Answer, Call, api


@api("gettoken", method="GET", with_token=False, empty={"access_token": "", "expires_in": 0})
def gettoken(call: Call) -> Answer:
    """One token per secret; within its life the same one is given again."""
    store = call.store
    blocked = f"gettoken:{call.query.given.get('ip', '')}"
    if (store.value("SELECT until FROM block WHERE name = ?", blocked) or 0) > call.now:
        raise Refused(45009, "wrong secrets, address blocked for an hour")
    if not call.arguments.text("corpsecret"):
        raise Refused(41004)
    if call.arguments.text("corpid") != store.setting("corp_id"):
        raise Refused(40013)
    kinds = {store.setting("app_secret"): "app", store.setting("contacts_secret"): "contacts"}
    kind = kinds.get(call.arguments.text("corpsecret"))
    if kind is None:
        raise Refused(40001)
    trusted = store.setting("trusted_ips")
    if trusted is not None and call.query.given.get("ip") not in trusted:
        raise Refused(60020, str(call.query.given.get("ip")))
    row = store.one("SELECT value, expires FROM token WHERE kind = ? AND revoked = 0 AND expires > ?", kind, call.now)
    if row is not None:
        return {"access_token": row["value"], "expires_in": row["expires"] - call.now}
    seconds = store.setting("token_seconds")
    value = "".join(store.new_id("tk", 43) for _ in range(4))
    store.run("INSERT INTO token (value, kind, expires) VALUES (?, ?, ?)", value, kind, call.now + seconds)
    return {"access_token": value, "expires_in": seconds}


@api("get_jsapi_ticket", method="GET", empty={"ticket": "", "expires_in": 0})
def corp_ticket(call: Call) -> Answer:
    return _ticket(call, "corp")


@api("ticket/get", method="GET", empty={"ticket": "", "expires_in": 0})
def agent_ticket(call: Call) -> Answer:
    if call.arguments.text("type", required=True) != "agent_config":
        raise Refused(40058, "type")
    return _ticket(call, "agent")


def _ticket(call: Call, kind: str) -> Answer:
    limit = call.store.setting("tickets_per_hour")[kind]
    if call.store.count(f"ticket:{kind}", call.now - call.now % 3_600) > limit:
        raise Refused(45009)
    held = call.store.document("ticket", kind)
    if held is None or held["expires"] <= call.now:
        held = {"value": call.store.new_id("jt", 43), "expires": call.now + call.store.setting("ticket_seconds")}
        call.store.keep("ticket", kind, held)
    return {"ticket": held["value"], "expires_in": held["expires"] - call.now}


@api("getcallbackip", method="GET", secrets=frozenset({"app", "contacts"}), empty={"ip_list": []})
def callback_addresses(_: Call) -> Answer:
    return {"ip_list": ["127.0.0.1"]}
