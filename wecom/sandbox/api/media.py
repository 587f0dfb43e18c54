"""Uploads (wecom.md §3.14)."""

from wecom.sandbox import gate
from wecom.sandbox.answers import Refused
from wecom.sandbox.routing import Answer, Call, Upload, api

_MB = 1024 * 1024
_LIMITS = {"image": 10 * _MB, "voice": 2 * _MB, "video": 10 * _MB, "file": 20 * _MB}
_SMALLEST = 6
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def _file(call: Call, kind: str) -> Upload:
    """The file of a call, of the right size and kind."""
    upload = call.upload
    if upload is None or not upload.name:
        raise Refused(40063, "media")
    if not _SMALLEST <= len(upload.content) <= _LIMITS[kind]:
        raise Refused(45001)
    content = upload.content
    fits = {
        "image": content.startswith(_PICTURES), "voice": content.startswith(b"#!AMR"), "video": content[4:8] == b"ftyp",
    }  # fmt: skip
    if not fits.get(kind, True):
        raise Refused(40058, f"not a {kind}")
    return upload


def _keep(call: Call, kind: str, upload: Upload, use: int) -> str:
    media_id = call.store.new_id("3", 43)
    call.store.run(
        "INSERT INTO media VALUES (?, ?, ?, ?, ?, ?)", media_id, kind, upload.name, call.now, use, upload.content
    )
    old = call.now - call.store.setting("media_seconds")
    call.store.run("UPDATE media SET content = x'' WHERE created < ? AND content <> x''", old)
    return media_id


@api("media/upload", empty={"media_id": ""})
def upload(call: Call) -> Answer:
    kind = call.query.choice("type", tuple(_LIMITS))
    media_id = _keep(call, kind, _file(call, kind), 0)
    return {"type": kind, "media_id": media_id, "created_at": str(call.now)}


@api("media/upload_attachment", empty={"media_id": ""})
def upload_attachment(call: Call) -> Answer:
    """For moments (1) and the product album (2)."""
    kind = call.query.choice("media_type", ("image", "video", "file"))
    use = call.query.number("attachment_type", low=1, high=2)
    media_id = _keep(call, kind, _file(call, kind), use)
    return {"type": kind, "media_id": media_id, "created_at": call.now}


@api("media/uploadimg", empty={"url": ""})
def upload_permanent(call: Call) -> Answer:
    gate.limit_calendar(call.store, "uploadimg", call.store.setting("uploadimg"))
    upload = _file(call, "image")
    name = call.store.new_id("img", 24)
    call.store.run("INSERT INTO media VALUES (?, 'permanent', ?, ?, -1, ?)", name, upload.name, 2**62, upload.content)
    call.store.keep("permanent_image", name, {"name": upload.name})
    return {"url": f"{call.store.setting('public_base')}/sandbox/picture/{name}"}
