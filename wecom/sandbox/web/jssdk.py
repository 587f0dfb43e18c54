"""The far side of the JS-SDK stub: every call is checked as the client would (wecom.md §3.16)."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from wecom.sandbox.store import Store
from wecom.sandbox.web.http import Request, Response, json_response
from wecom.sandbox.web.identity import Phone, is_trusted
from wecom.sandbox.world import chats, people, sending
from wecom.sandbox.world.errors import Impossible

_TOOLBARS = ("single_chat_tools", "group_chat_tools", "chat_attachment")
_CONTACT_ENTRIES = ("contact_profile", "single_chat_tools", "single_kf_tools")
_SENDABLE = {
    "text": "text",
    "image": "image",
    "video": "video",
    "file": "file",
    "news": "link",
    "miniprogram": "miniprogram",
}
_EXTERNALS = 500
_WITH_WECHAT = 40


class Failed(Exception):
    """The call ends in `fail` with this reason."""


def respond(store: Store, request: Request) -> Response:
    """One JS call from a page of a trusted domain; its cookie says whose phone it runs in."""
    origin = request.headers.get("origin", "")
    if not is_trusted(store, origin):
        return Response(403)
    name = request.path.removeprefix("/sandbox/js/")
    try:
        body = request.json()
        with store.transaction():
            result = _carry_out(store, request, name, body)
        answer = {"errMsg": f"{name}:ok", **result}
    except (Failed, Impossible) as reason:
        answer = {"errMsg": f"{name}:fail {reason}"}
    except (ValueError, TypeError, AttributeError, KeyError):
        answer = {"errMsg": f"{name}:fail invalid arguments"}
    response = json_response(answer)
    allowed = {"access-control-allow-origin": origin, "access-control-allow-credentials": "true", "vary": "Origin"}
    return Response(response.status, response.body, response.kind, allowed)


def _carry_out(store: Store, request: Request, name: str, body: dict[str, Any]) -> dict[str, Any]:
    registration, given = body["registration"], body.get("arguments") or {}
    _check_signature(store, registration, "corp", "config")
    if name == "register":
        if "agentConfig" in registration:
            _check_signature(store, registration, "agent", "agentConfig")
        return {}
    call = _CALLS.get(name)
    if call is None:
        raise Failed("not supported in the sandbox")
    if name not in registration.get("jsApiList", []):
        raise Failed("no permission: not in jsApiList")
    if name != "getContext":
        _check_signature(store, registration, "agent", "agentConfig")
        if registration.get("agentId") != str(store.setting("agent_id")):
            raise Failed("invalid agentid")
    phone = Phone.of(request)
    if phone is None:
        raise Failed("not in the WeCom client: open the page from a phone of the sandbox")
    result: dict[str, Any] = call(store, phone, given)
    store.note(kind="js", name=name, request=given, answer=result)
    return result


def _check_signature(store: Store, registration: dict[str, Any], ticket: str, part: str) -> None:
    signed, held = registration.get(part), store.document("ticket", ticket)
    if registration.get("corpId") != store.setting("corp_id"):
        raise Failed("invalid corpid")
    if not signed or held is None:
        raise Failed(f"{part} missing")
    page = str(registration["url"]).partition("#")[0]
    text = f"jsapi_ticket={held['value']}&noncestr={signed['nonceStr']}&timestamp={signed['timestamp']}&url={page}"
    if hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() != signed["signature"]:
        raise Failed("invalid signature")


def _context(_store: Store, phone: Phone, _given: dict[str, Any]) -> dict[str, Any]:
    return {"entry": phone.entry}


def _contact(_store: Store, phone: Phone, _given: dict[str, Any]) -> dict[str, Any]:
    if phone.entry not in _CONTACT_ENTRIES or not phone.contact:
        raise Failed("without context of external contact")
    return {"userId": phone.contact}


def _chat(_store: Store, phone: Phone, _given: dict[str, Any]) -> dict[str, Any]:
    if phone.entry != "group_chat_tools" or not phone.chat_id:
        raise Failed("without context of external chat")
    return {"chatId": phone.chat_id}


def _send(store: Store, phone: Phone, given: dict[str, Any]) -> dict[str, Any]:
    kind = given.get("msgtype", "")
    if phone.entry not in _TOOLBARS:
        raise Failed("without context of chat")
    if not people.staff_row(store, phone.userid)["follows"]:
        raise Failed("no customer contact permission")
    if kind not in _SENDABLE or not isinstance(given.get(kind), dict):
        raise Failed("invalid msgtype")
    room = phone.chat_id or chats.room_of(store, phone.userid, phone.contact)
    _speak(store, phone, room, {"msgtype": _SENDABLE[kind], _SENDABLE[kind]: given[kind], "by": "聊天工具栏"})
    return {}


def _speak(store: Store, phone: Phone, room: str, content: dict[str, Any]) -> None:
    if "|" not in room and not _is_inside(store, room, phone.userid):
        raise Failed("not in the chat")
    chats.speak(store, room=room, sender=people.staff_row(store, phone.userid)["userid"], content=content)


def _is_inside(store: Store, chat_id: str, userid: str) -> bool:
    chats.chat_row(store, chat_id)
    return store.one("SELECT 1 FROM chat_member WHERE chat_id = ? AND member = ?", chat_id, userid) is not None


def _open_with_message(store: Store, phone: Phone, given: dict[str, Any]) -> dict[str, Any]:
    """Opens a known group; one link message may come along, nothing else."""
    chat_id, message = str(given.get("chatId", "")), given.get("msg")
    if not _is_inside(store, chat_id, phone.userid):
        raise Failed("not in the chat")
    if message:
        link = message.get("link")
        if (
            message.get("msgtype") != "link"
            or not isinstance(link, dict)
            or not link.get("title")
            or not link.get("url")
        ):
            raise Failed("only one link message")
        shown = {
            "title": link["title"],
            "desc": link.get("desc", ""),
            "url": link["url"],
            "picurl": link.get("imgUrl", ""),
        }
        _speak(store, phone, chat_id, {"msgtype": "link", "link": shown, "by": "一键转发"})
    return {}


def _open_chat(store: Store, phone: Phone, given: dict[str, Any]) -> dict[str, Any]:
    """Opens a group, or makes one."""
    if given.get("chatId"):
        if not _is_inside(store, str(given["chatId"]), phone.userid):
            raise Failed("not in the chat")
        return {"chatId": given["chatId"]}
    externals = [one for one in _names(given.get("externalUserIds")) if one]
    wechat = any(people.contact_row(store, one)["type"] == 1 for one in externals)
    if not externals or len(externals) > (_WITH_WECHAT if wechat else _EXTERNALS):
        raise Failed("too few or too many external contacts")
    made = chats.create(store, owner=phone.userid, name=str(given.get("groupName", "")), members=externals)
    return {"chatId": made}


def _names(given: Any) -> list[str]:
    return given.split(";") if isinstance(given, str) else [str(one) for one in given or []]


def _share(chat_type: str) -> Callable[[Store, Phone, dict[str, Any]], dict[str, Any]]:
    def share(store: Store, phone: Phone, given: dict[str, Any]) -> dict[str, Any]:
        """Ends in the group-send tool, with its quota."""
        own = (
            "SELECT chat_id AS id FROM chat WHERE owner = ? AND dismissed = 0"
            if chat_type == "group"
            else "SELECT contact AS id FROM follow WHERE userid = ? AND half = 0"
        )
        mine = [row["id"] for row in store.all(own, phone.userid)]
        asked = _names(given.get("chatIds" if chat_type == "group" else "externalUserIds"))
        chosen = [one for one in asked if one in mine] if asked else mine
        content = {name: given[name] for name in ("text", "attachments") if given.get(name)}
        if not chosen or not content:
            raise Failed("nobody or nothing to send")
        sending.send_personally(store, userid=phone.userid, recipients=chosen, chat_type=chat_type, content=content)
        return {}

    return share


_CALLS: dict[str, Callable[[Store, Phone, dict[str, Any]], dict[str, Any]]] = {
    "getContext": _context, "getCurExternalContact": _contact, "getCurExternalChat": _chat, "sendChatMessage": _send,
    "openExistedChatWithMsg": _open_with_message, "openEnterpriseChat": _open_chat,
    "shareToExternalChat": _share("group"), "shareToExternalContact": _share("single"),
}  # fmt: skip


def script(store: Store, source: str) -> Response:
    """The stub, told where the sandbox is and what it knows."""
    head = json.dumps({"base": store.setting("public_base"), "calls": sorted(_CALLS)})
    return Response(200, source.replace('"__SANDBOX__"', head).encode(), "text/javascript; charset=utf-8")
