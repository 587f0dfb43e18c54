"""Who stands behind a code of OAuth or of the web log-in (wecom.md §3.15)."""

from wecom.sandbox.answers import Refused
from wecom.sandbox.api import lookups
from wecom.sandbox.routing import Answer, Call, api


@api("auth/getuserinfo", method="GET")
def visitor(call: Call) -> Answer:
    """A code works once and for five minutes."""
    store, code = call.store, call.arguments.text("code", required=True, octets=512)
    kept = store.document("oauth_code", code)
    if kept is None or kept["expires"] <= call.now:
        raise Refused(store.setting("code_bad_oauth_code"))
    store.drop("oauth_code", code)
    if "userid" not in kept:
        return {"openid": kept["openid"], "external_userid": kept["external_userid"]}
    if not kept["private"]:
        return {"userid": kept["userid"]}
    ticket = store.new_id("ut", 40)
    store.keep("user_ticket", ticket, {"userid": kept["userid"], "expires": call.now + 1_800})
    return {"userid": kept["userid"], "user_ticket": ticket, "expires_in": 1_800}


@api("auth/getuserdetail")
def private_details(call: Call) -> Answer:
    kept = call.store.document("user_ticket", call.arguments.text("user_ticket", required=True, octets=512))
    if kept is None or kept["expires"] <= call.now:
        raise Refused(40058, "user_ticket")
    row = lookups.member(call, kept["userid"])
    return {
        "userid": row["userid"], "gender": "0", "avatar": "", "qr_code": "", "mobile": row["mobile"], "email": "",
        "biz_mail": "", "address": "",
    }  # fmt: skip
