"""The one door to uploaded files: pictures of products, campaigns and single pieces.

Imports and reports lie beside them and are never served here.
"""

from pathlib import PurePosixPath

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

# What a browser is told never depends on what was uploaded: SVG and HTML can carry scripts, so they are not here.
_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif"}


@require_safe
@cache_control(public=True, max_age=86_400)
def product_picture(_request: HttpRequest, name: str) -> FileResponse:
    """A picture below `products/` of the media folder."""
    return _picture("products", name)


@require_safe
@cache_control(public=True, max_age=86_400 * 30, immutable=True)
def campaign_picture(_request: HttpRequest, folder: str, name: str) -> FileResponse:
    """A photo of a campaign or of a single piece; named by what it shows, so it never changes."""
    return _picture(folder, name)


def _picture(folder: str, name: str) -> FileResponse:
    path = PurePosixPath(name)
    content_type = _TYPES.get(path.suffix.lower())
    if content_type is None or ".." in path.parts:  # `../imports/x.png` lies inside the media folder too
        raise Http404
    try:
        picture = default_storage.open(f"{folder}/{name}")
    except (OSError, SuspiciousFileOperation):
        raise Http404 from None
    return FileResponse(picture, content_type=content_type)
