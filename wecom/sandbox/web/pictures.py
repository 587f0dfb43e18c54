"""Images: what was uploaded, and entry codes to scan."""

import io
import re
import zlib

import segno

from wecom.sandbox.store import Store
from wecom.sandbox.web.http import Response

_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def uploaded(store: Store, name: str) -> Response:
    """An image that was uploaded, for as long as it is kept."""
    content = store.value("SELECT content FROM media WHERE media_id = ?", name) or b""
    kind = next((kind for head, kind in _KINDS.items() if content.startswith(head)), "")
    return Response(200, content, kind, {"x-content-type-options": "nosniff"}) if kind else Response(404)


_KEYWORD = b"wecom-sandbox\0"  # of the text chunk that says which code a picture shows
_END = 12  # bytes of the last chunk


def code(store: Store, name: str) -> Response:
    """The picture of an entry code; it leads to the page where one may scan it."""
    config_id = name.removesuffix(".png")
    if store.document("contact_way", config_id) is None and store.document("join_way", config_id) is None:
        return Response(404)
    file = io.BytesIO()
    address = f"{store.setting('public_base')}/sandbox/scan/{config_id}"
    segno.make(address, error="m").save(file, kind="png", scale=8, border=2)
    return Response(200, _signed(file.getvalue(), config_id), "image/png")


def code_in(store: Store, name: str) -> str:
    """The entry code an uploaded picture shows, as a phone finds it under a long press; "" where it shows none.

    Only pictures the sandbox has drawn itself are understood, by a chunk of text in them.
    """
    content = store.value("SELECT content FROM media WHERE media_id = ?", name) or b""
    found = re.search(re.escape(b"tEXt" + _KEYWORD) + rb"([\w-]{1,64});", content[-200:])
    return found[1].decode() if found else ""


def _signed(png: bytes, config_id: str) -> bytes:
    """The picture with a chunk of text before its end that names the code."""
    chunk = b"tEXt" + _KEYWORD + config_id.encode() + b";"
    text = (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return png[:-_END] + text + png[-_END:]
