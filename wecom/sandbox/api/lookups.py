"""Members, customers and media named by a call, or the refusal that names what is wrong with them."""

from wecom.sandbox.answers import Refused
from wecom.sandbox.arguments import Arguments
from wecom.sandbox.routing import Call
from wecom.sandbox.store import Row
from wecom.sandbox.world.people import ACTIVE, LEFT

_YEAR = 365 * 86_400


def member(call: Call, userid: str) -> Row:
    """A member in the app's range, found without regard to case. :raises Refused: 40003, 60111, 60011"""
    if not userid:
        raise Refused(40003)
    row = call.store.one("SELECT * FROM staff WHERE userid = ?", userid)
    if row is None or row["status"] == LEFT:
        raise Refused(60111, userid)
    if not row["visible"]:
        raise Refused(60011, userid)
    return row


def serving_member(call: Call, userid: str) -> Row:
    """A member who may look after customers. :raises Refused: 41054, 40098, 48002 besides those of `member`"""
    row = member(call, userid)
    if row["status"] != ACTIVE:
        raise Refused(41054, userid)
    if not row["real_named"]:
        raise Refused(40098, userid)
    if not row["follows"]:
        raise Refused(48002, f"{userid} has no customer contact permission")
    return row


def heir(call: Call, userid: str) -> Row:
    """Somebody who may take over: serving, and logged in within a year."""
    row = serving_member(call, userid)
    if row["last_login"] < call.now - _YEAR:
        raise Refused(41054, f"{userid} has not logged in for a year")
    return row


def contact(call: Call, external_userid: str) -> Row:
    """:raises Refused: 40096"""
    row = call.store.one("SELECT * FROM contact WHERE id = ?", external_userid)
    if row is None:
        raise Refused(40096, external_userid)
    return row


def relation(call: Call, userid: str, external_userid: str) -> Row:
    """A member's customer. :raises Refused: 84061 where they do not know each other"""
    contact(call, external_userid)
    row = call.store.one(
        "SELECT * FROM follow WHERE userid = ? AND contact = ?", member(call, userid)["userid"], external_userid
    )
    if row is None:
        raise Refused(84061, f"{userid} and {external_userid}")
    return row


def chat(call: Call, chat_id: str) -> Row:
    """A customer group whose owner is in the app's range."""
    row = call.store.one("SELECT * FROM chat WHERE chat_id = ? AND dismissed = 0", chat_id)
    if row is None:
        raise Refused(call.store.setting("code_unknown_group"), chat_id)
    if not call.store.value("SELECT visible FROM staff WHERE userid = ?", row["owner"]):
        raise Refused(60011, chat_id)
    return row


def media(call: Call, arguments: Arguments, name: str = "media_id", *, kind: str = "", use: int = 0) -> str:
    """A media_id that has not expired. :raises Refused: 40007"""
    value = arguments.text(name, required=True)
    row = call.store.one("SELECT type, created, use FROM media WHERE media_id = ?", value)
    stale = row is None or row["created"] + call.store.setting("media_seconds") <= call.now
    if row is None or stale or (kind and row["type"] != kind) or row["use"] != use:
        raise Refused(40007)
    return value
