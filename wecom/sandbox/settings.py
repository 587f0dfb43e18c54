"""What can be set about the simulated company. What wecom.md marks UNCONFIRMED, or gives no number for, is set here."""

from typing import Any

DEFAULTS: dict[str, Any] = {
    "corp_id": "wwsandbox00000001",
    "agent_id": 1000002,
    "app_secret": "sandbox-app-secret-0001",
    "contacts_secret": "sandbox-contacts-secret-0001",
    "callback_url": "http://127.0.0.1:8000/wecom/callback/",
    "callback_token": "SandboxToken",
    "callback_aes_key": "c2FuZGJveC1hZXMta2V5LTMyLWJ5dGVzLWxvbmchISE",
    "public_base": "http://127.0.0.1:8090",
    "trusted_ips": None,  # a list turns 企业可信IP on
    "trusted_domains": ["127.0.0.1:8000", "localhost:8000"],
    "app_disabled": False,
    "customer_access": True,  # listed in 客户联系 → 可调用接口的应用
    "token_seconds": 7200,
    "ticket_seconds": 7200,
    "welcome_seconds": 20,
    "media_seconds": 3 * 86_400,
    "group_members": 500,
    "join_way_members": 500,  # where a 加入群聊 code takes the next group: UNCONFIRMED
    "customers_per_member": 5000,  # UNCONFIRMED
    "lists_deserters": False,  # whether a member goes on listing a customer who deleted him: UNCONFIRMED
    "quota_rule": "month",  # month = as many as the month has days; week = 7; day = 1
    "dispatch_seconds": 30,  # 41063 that long after a group-send was made
    "hide_unsent": True,  # rows of groups not yet sent to may be missing from send_result
    "moment_seconds": 5,  # until a moment task is done
    "transfer_seconds": 86_400,
    "groups_taken_a_day": 300,  # by one person from people who left
    "transfers_a_page": 1_000,  # of transfer_result; unpublished
    "api_per_minute": 10_000,
    "api_per_hour": 150_000,
    "tickets_per_hour": {"corp": 400, "agent": 100},
    "uploadimg": {"day": 1_000, "month": 3_000},
    "messages_per_member": {"minute": 30, "hour": 1_000},
    "messages_per_day": 200_000,  # account cap × 200 person-times
    "wrong_secrets_per_hour": 20,  # then the address is blocked for an hour; the number is unpublished
    "parallel_calls": 100,  # 45033 above; unpublished
    "latency": 0.0,  # seconds a call takes: what makes calls overlap
    "outage": "",  # "busy": -1 for everything; "down": HTTP 502
    "callback_parallel": 8,
    "callback_retry_seconds": 1.0,  # between the three tries; unpublished
    "faults": {"seed": 1, "duplicate": 0.0, "disorder": 0.0, "loss": 0.0, "delay": 0.0, "spread": 5.0},
    # errcodes for which wecom.md names a case and no number
    "code_nobody_to_send": 41048,
    "code_remind_limit": 45009,
    "code_bad_oauth_code": 40029,
    "code_unknown_group": 90501,
    "code_too_many_templates": 40058,
    "code_transfer_under_way": 40129,
    "code_transferred_too_often": 40128,
}


class UnknownSetting(ValueError):
    """A name that is not in DEFAULTS, or a value of another type."""


def checked(changes: dict[str, Any]) -> dict[str, Any]:
    """The changes, with nested ones completed. :raises UnknownSetting:"""
    for name, value in changes.items():
        if name not in DEFAULTS:
            raise UnknownSetting(f"没有这个设置：{name}")
        default = DEFAULTS[name]
        fits = isinstance(value, type(default)) or (isinstance(default, float) and isinstance(value, int))
        if default is not None and (not fits or (isinstance(value, bool) and not isinstance(default, bool))):
            raise UnknownSetting(f"{name} 应为 {type(default).__name__}")
        if isinstance(default, dict) and (unknown := set(value) - set(default)):
            raise UnknownSetting(f"{name} 没有 {'、'.join(sorted(unknown))}")
    return changes
