"""What browsers ask for: pictures and pages."""

from wecom.sandbox.store import Store
from wecom.sandbox.web.http import Request, Response


def respond(store: Store, request: Request) -> Response:
    if request.path.startswith("/sandbox/picture/"):
        return picture(store, request.path.removeprefix("/sandbox/picture/"))
    return Response(404)


def picture(store: Store, name: str) -> Response:
    """An image that was uploaded, for as long as it is kept."""
    content = store.value("SELECT content FROM media WHERE media_id = ?", name)
    if not content:
        return Response(404)
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg" if content.startswith(b"\xff\xd8") else ""
    if not kind:
        return Response(404)
    return Response(200, content, kind, {"x-content-type-options": "nosniff"})
