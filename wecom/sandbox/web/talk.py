"""Messages as a phone shows them: who said what when, and where a tap leads."""

import json
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from wecom.sandbox.gate import shanghai
from wecom.sandbox.store import Row, Store
from wecom.sandbox.web import identity, pictures
from wecom.sandbox.world import people

Shown = dict[str, Any]
_LINES = 40
_ADDRESS = re.compile(r'<a\s+href="(https?://[^"\s]+)"[^>]*>(.*?)</a>|(https?://[^\s<>"，。；！？、）】]+)')
_CODE = re.compile(r"/sandbox/(?:qr|scan)/([\w-]+?)(?:\.png)?$")


def lines(store: Store, room: str, me: str) -> list[Shown]:
    """The latest messages of a conversation, in the phone of one who takes part."""
    rows = store.all(
        "SELECT * FROM (SELECT * FROM said WHERE room = ? ORDER BY id DESC LIMIT ?) ORDER BY id", room, _LINES
    )
    return [
        {
            "mine": row["sender"].lower() == me.lower(),
            "staff": store.one("SELECT 1 FROM staff WHERE userid = ?", row["sender"]) is not None,
            "name": people.name_of(store, row["sender"]),
            "time": f"{shanghai(row['at']):%H:%M}", **said(store, json.loads(row["content"]), me),
        }
        for row in rows
    ]  # fmt: skip


def said(store: Store, content: Shown, me: str) -> Shown:
    """One message: its words in pieces, its picture, and the address a tap opens."""
    kind = content["msgtype"]
    body = content.get(kind, {})
    media = body.get("media_id", "")
    picture = (
        body.get("pic_url")
        or body.get("picurl")
        or body.get("imgUrl")
        or (f"/sandbox/picture/{media}" if kind == "image" else "")
    )
    url = body.get("url") or body.get("link", "")
    if kind == "image" and (config_id := pictures.code_in(store, media or picture.rpartition("/")[2])):
        url = f"{store.setting('public_base')}/sandbox/scan/{config_id}"
    return {
        "kind": kind,
        "body": body,
        "pieces": pieces(store, body.get("content", ""), me) if kind == "text" else [],
        "picture": picture.replace(store.setting("public_base"), ""),
        "url": address(store, url, me) if url else "",
        "is_code": bool(url and _CODE.search(urlsplit(url).path)),
        "file": store.value("SELECT name FROM media WHERE media_id = ?", media) if media else "",
        "by": content.get("by", ""),
    }


def pieces(store: Store, text: str, me: str) -> list[Shown]:
    """A text cut where its links begin and end."""
    found: list[Shown] = []
    end = 0
    for match in _ADDRESS.finditer(text):
        url = match[1] or match[3]
        found += [{"text": text[end : match.start()], "url": ""}] if match.start() > end else []
        found.append({"text": match[2] or url, "url": address(store, url, me)})
        end = match.end()
    return found + ([{"text": text[end:], "url": ""}] if end < len(text) else [])


def address(store: Store, url: str, me: str) -> str:
    """Where a tap on a link leads in somebody's phone: one's own code is scanned, the platform knows who comes."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        return ""
    if found := _CODE.search(parts.path):
        return f"/sandbox/scan/{found[1]}?{urlencode({'customer': me})}"
    if identity.is_trusted(store, url):
        return f"/sandbox/open?{urlencode({'userid': me, 'url': url})}"
    return url


def app_messages(store: Store, member: Row) -> list[Shown]:
    """What the platform's app has sent a member."""
    rows = store.all(
        "SELECT * FROM (SELECT * FROM message WHERE userid = ? AND recalled = 0 ORDER BY id DESC LIMIT 12) ORDER BY id",
        member["userid"],
    )
    return [
        {
            **dict(row),
            "time": f"{shanghai(row['at']):%H:%M}",
            **_app_content(store, json.loads(row["content"]), member["userid"]),
        }
        for row in rows
    ]


def _app_content(store: Store, content: Shown, me: str) -> Shown:
    kind = content["msgtype"]
    body = content[kind]
    if kind == "news":
        body = (body.get("articles") or [{}])[0]
    buttons, title = body.get("button_list", []), body.get("title", "")
    text = body.get("content") or body.get("description", "")
    url = body.get("url", "")
    if kind == "template_card":
        main = body.get("main_title", {})
        title = main.get("title", "卡片")
        text = "\n".join(filter(None, (main.get("desc", ""), body.get("sub_title_text", ""))))
        links = [body.get("card_action", {}), *body.get("jump_list", []), *buttons]
        url = next((one["url"] for one in links if one.get("url")), "")
    facts = [(one.get("keyname", ""), one.get("value", "")) for one in body.get("horizontal_content_list", [])]
    return {
        "kind": kind, "title": title, "pieces": pieces(store, text, me), "facts": facts,
        "url": address(store, url, me) if url else "", "buttons": buttons,
    }  # fmt: skip
