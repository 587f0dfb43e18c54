"""Pictures and videos of materials: uploaded by those who may add, looked at by those who see a material with them."""

from pathlib import PurePosixPath

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from communities.selectors.content import assets_for, lookalikes_of, may_add
from communities.services.content.history import SIMILAR_BITS
from communities.services.content.refusals import UploadRefused
from communities.services.content.uploading import keep_upload
from stores.requests import StaffRequest

_TYPES = {".jpg": "image/jpeg", ".mp4": "video/mp4"}  # what is kept is one of these, whatever was uploaded


@require_safe
@login_required
@cache_control(private=True, max_age=86_400, immutable=True)
def show(request: StaffRequest, pk: int, form: str) -> FileResponse:
    """A file, or its small picture."""
    asset = get_object_or_404(assets_for(request.user), pk=pk)
    file = asset.thumbnail if form == "small" else asset.file
    content_type = _TYPES.get(PurePosixPath(file.name or "").suffix)
    if not file or content_type is None:
        raise Http404("没有这个文件")
    try:
        return FileResponse(file.open("rb"), content_type=content_type)
    except OSError:
        raise Http404("没有这个文件") from None


@require_POST
@login_required
def upload(request: StaffRequest) -> HttpResponse:
    """Keep one file and answer with its tile, to be placed in the form; what is wrong comes as 422 in plain words."""
    if not may_add(request.user):
        raise Http404("没有这个页面")
    file = request.FILES.get("file")
    if file is None:
        return _refused("没有收到文件，请重新选择")
    try:
        asset = keep_upload(file=file, by=request.user, at=timezone.now())
    except UploadRefused as refusal:
        return _refused(str(refusal))
    alike = lookalikes_of(asset, within=SIMILAR_BITS, user=request.user)
    return render(request, "communities/materials/tile.html", {"asset": asset, "alike": alike})


def _refused(reason: str) -> HttpResponse:
    return HttpResponse(reason, status=422, content_type="text/plain; charset=utf-8")
