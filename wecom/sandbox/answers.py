"""Refusals as WeCom words them."""

from typing import Any

MEANINGS = {
    -1: "system busy", 6000: "data version conflict", 40001: "invalid credential", 40003: "invalid userid",
    40007: "invalid media_id", 40013: "invalid corpid", 40014: "invalid access_token", 40029: "invalid code",
    40035: "invalid parameter", 40058: "invalid request parameter", 40063: "some parameters are empty",
    40096: "invalid external userid", 40098: "user is not real-name verified", 40099: "customer list is full",
    41001: "access_token missing", 41004: "corpsecret missing", 41048: "no customer to send",
    41050: "invalid welcome code", 41051: "customer has been welcomed or is chatting", 41054: "user not activated",
    41063: "group message is being dispatched", 41096: "welcome message is being sent by another app",
    42001: "access_token expired", 42014: "task_id repeated", 45001: "media size out of limit",
    45009: "api freq out of limit", 45033: "too many concurrent calls", 45035: "conflicting concurrent write",
    46004: "user not exist", 48002: "api forbidden", 48009: "no permission to read details", 50003: "app disabled",
    60011: "no privilege to access/modify contact/party/agent", 60020: "not allow to access from your ip",
    60111: "userid not found", 60123: "invalid party id", 81013: "all recipients are invalid",
    81017: "too many requested", 84061: "not external contact", 90500: "owner not resigned",
    90501: "not a customer group", 90502: "owner has resigned", 301002: "agentid does not belong to the token",
}  # fmt: skip


class Refused(Exception):
    """WeCom says no, with an errcode."""

    def __init__(self, errcode: int, detail: str = "", *, counted: tuple[str, int] | None = None) -> None:
        """:param counted: the counter (name, window) in which this refusal is remembered."""
        super().__init__(errcode, detail)
        self.errcode = errcode
        self.detail = detail
        self.counted = counted


def answer_of(refusal: Refused, *, empty: dict[str, Any], ip: str, hint: int) -> dict[str, Any]:
    """The body of a refusal: the lists an answer would have are there, and empty."""
    meaning = MEANINGS.get(refusal.errcode, "refused")
    said = f"{meaning}: {refusal.detail}" if refusal.detail else meaning
    more = f"more info at https://open.work.weixin.qq.com/devtool/query?e={refusal.errcode}"
    return {"errcode": refusal.errcode, "errmsg": f"{said}, hint: [{hint}], from ip: {ip}, {more}", **empty}
