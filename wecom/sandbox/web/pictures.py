"""Images: what was uploaded, and entry codes to scan."""

import io

import segno

from wecom.sandbox.store import Store
from wecom.sandbox.web.http import Response

_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def uploaded(store: Store, name: str) -> Response:
    """An image that was uploaded, for as long as it is kept."""
    content = store.value("SELECT content FROM media WHERE media_id = ?", name) or b""
    kind = next((kind for head, kind in _KINDS.items() if content.startswith(head)), "")
    return Response(200, content, kind, {"x-content-type-options": "nosniff"}) if kind else Response(404)


def code(store: Store, name: str) -> Response:
    """The picture of an entry code; it leads to the page where one may scan it."""
    config_id = name.removesuffix(".png")
    if store.document("contact_way", config_id) is None and store.document("join_way", config_id) is None:
        return Response(404)
    file = io.BytesIO()
    address = f"{store.setting('public_base')}/sandbox/scan/{config_id}"
    segno.make(address, error="m").save(file, kind="png", scale=8, border=2)
    return Response(200, file.getvalue(), "image/png")
