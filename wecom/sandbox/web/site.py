"""What browsers ask for: the page of phones, its buttons, pictures, log-in links and the JS-SDK stub."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.template import Context, Engine

from wecom.sandbox.settings import UnknownSetting
from wecom.sandbox.store import Store
from wecom.sandbox.web import identity, jssdk, pictures, views
from wecom.sandbox.web.http import Request, Response, redirect
from wecom.sandbox.world import actions, scenarios, seeding
from wecom.sandbox.world.errors import Impossible
from wecom.sandbox.world.people import LEFT

HERE = Path(__file__).parent
_ENGINE = Engine(dirs=[str(HERE / "templates")])
_STATIC = {"sandbox.css": "text/css", "jssdk.js": "text/javascript", "sandbox.js": "text/javascript"}
_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none';"
    " object-src 'none'",
    "x-content-type-options": "nosniff", "cache-control": "no-store",
}  # fmt: skip
_NUMBERS = {"add_way", "message", "minutes", "per_minute", "scene", "department"}


def respond(store: Store, request: Request) -> Response:
    """:returns: a page; a link that the client would refuse is a 400 with the reason"""
    try:
        return _page(store, request)
    except (identity.BadLink, Impossible, UnknownSetting) as reason:
        return _rendered("refused.html", {"reason": str(reason)}, status=400)


def _page(store: Store, request: Request) -> Response:
    if request.method == "POST":
        if request.path.startswith("/sandbox/js/"):
            return jssdk.respond(store, request)
        return _act(store, request) if request.is_our_own() else Response(403)
    if page := _PAGES.get(request.path):
        return page(store, request)
    parent, _, name = request.path.rpartition("/")
    below = _BELOW.get(parent)
    return below(store, request, name) if below else Response(404)


def _home(store: Store, request: Request) -> Response:
    return _rendered("page.html", views.page(store, request.query))


def _phones(store: Store, request: Request) -> Response:
    at = {name: request.query.get(name, "") for name in ("manager", "customer", "m_room", "c_room", "q")}
    return _rendered("phones.html", views.phones(store, at))


def _authorise(store: Store, request: Request, *, web: bool) -> Response:
    """Inside an opened phone the member is known; elsewhere one chooses whose phone scans."""
    asked = identity.asked_for(store, request, web=web)
    phone = identity.Phone.of(request)
    if phone is not None and not web:
        with store.transaction():
            return identity.authorised(store, person=phone.userid, **asked)
    staff = store.all(
        "SELECT userid, staff.name, staff.position, department.name AS shop FROM staff LEFT JOIN department"
        " ON department.id = staff.department WHERE status <> ?"
        " ORDER BY userid = ? COLLATE NOCASE DESC, staff.position, userid LIMIT 300",
        LEFT, phone.userid if phone else "",
    )  # fmt: skip
    contacts = [] if web else store.all("SELECT id, name FROM contact ORDER BY rowid DESC LIMIT 20")
    return _rendered("identify.html", {"asked": asked, "staff": staff, "contacts": contacts, "web": web})


def _scan(store: Store, request: Request, config_id: str) -> Response:
    way = store.document("contact_way", config_id) or store.document("join_way", config_id)
    if way is None:
        raise Impossible("二维码已失效")
    chosen = store.one("SELECT id, name FROM contact WHERE id = ?", request.query.get("customer", ""))
    contacts = store.all("SELECT id, name FROM contact ORDER BY rowid DESC LIMIT 20")
    return _rendered("scan.html", {"way": way, "contacts": contacts, "chosen": chosen})


def _act(store: Store, request: Request) -> Response:
    """A button of the page: an action, a scenario, a fault, the clock, or who logs in."""
    form, name = request.form(), request.path.removeprefix("/sandbox/act/")
    back = form.pop("back", "") or "/sandbox/"
    if name == "identify":
        with store.transaction():
            return identity.authorised(
                store, **{key: form.get(key, "") for key in ("person", "redirect_uri", "state", "scope")}
            )
    try:
        given = {key: int(value) if key in _NUMBERS else value for key, value in form.items() if value != ""}
        with store.transaction():
            notice, back = _done(store, name, given, back)
    except Impossible as reason:
        notice = f"做不到：{reason}"
    except (TypeError, ValueError, KeyError) as error:
        notice = f"填写不对：{error}"
    else:
        if not request.headers.get("hx-request"):
            return redirect(back if back.startswith("/sandbox/") else "/sandbox/")
    if request.headers.get("hx-request"):
        return _rendered("notice.html", {"notice": notice})
    return _rendered("refused.html", {"reason": notice}, status=400)


def _done(store: Store, name: str, given: dict[str, Any], back: str) -> tuple[str, str]:
    """What was done, in words, and where to look next."""
    match name:
        case "scenario":
            planned = scenarios.start(store, **given)
            return f"剧本开始：{planned['steps']} 步，约 {int(planned['seconds'] / 60) + 1} 分钟", back
        case "faults":
            percents = {
                key: min(100.0, max(0.0, float(given.get(key, 0)))) / 100 for key in ("loss", "duplicate", "disorder")
            }
            store.change_settings({"faults": {**percents, "delay": max(0.0, float(given.get("delay", 0)))}})
            return "回调故障已设置", back
        case "clock":
            store.advance(float(given["seconds"]))
            return "时钟已拨快", back
        case "seed":
            seeding.seed(store, managers=30, groups=60, contacts=1_500)
            return "示例公司已生成", back
        case "scan":
            return "扫码成功", f"/sandbox/?{urlencode(_looked_at(store, actions.perform(store, 'scan', given)))}"
    actions.perform(store, name, given)
    return "已完成", back


def _looked_at(store: Store, scanned: dict[str, Any]) -> dict[str, str]:
    """After a scan both phones show the conversation it led to."""
    person, chat_id = scanned["external_userid"], scanned.get("chat_id", "")
    if chat_id:
        owner = str(store.value("SELECT owner FROM chat WHERE chat_id = ?", chat_id))
        return {"manager": owner, "customer": person, "m_room": chat_id, "c_room": chat_id}
    room = f"{scanned['userid']}|{person}"
    return {"manager": scanned["userid"], "customer": person, "m_room": room, "c_room": room}


def _static(name: str) -> Response:
    if name == "htmx.js":
        return Response(
            200, files("django_htmx").joinpath("static/django_htmx/htmx-2.min.js").read_bytes(), "text/javascript"
        )
    if name not in _STATIC:
        return Response(404)
    return Response(200, (HERE / "static" / name).read_bytes(), f"{_STATIC[name]}; charset=utf-8")


def _rendered(template: str, shown: dict[str, Any], *, status: int = 200) -> Response:
    text = _ENGINE.get_template(template).render(Context(shown, use_l10n=False))
    return Response(status, text.encode("utf-8", "replace"), "text/html; charset=utf-8", _HEADERS)


_PAGES: dict[str, Callable[[Store, Request], Response]] = {
    "/": lambda _store, _request: redirect("/sandbox/"),
    "/sandbox": lambda _store, _request: redirect("/sandbox/"),
    "/sandbox/": _home,
    "/sandbox/phones": _phones,
    "/sandbox/panel": lambda store, _request: _rendered("panel.html", views.panel(store)),
    "/sandbox/jssdk.js": lambda store, _request: jssdk.script(store, (HERE / "static" / "jssdk.js").read_text()),
    "/sandbox/open": identity.opened,
    "/connect/oauth2/authorize": lambda store, request: _authorise(store, request, web=False),
    "/wwlogin/sso/login": lambda store, request: _authorise(store, request, web=True),
}
_BELOW: dict[str, Callable[[Store, Request, str], Response]] = {
    "/sandbox/picture": lambda store, _request, name: pictures.uploaded(store, name),
    "/sandbox/qr": lambda store, _request, name: pictures.code(store, name),
    "/sandbox/static": lambda _store, _request, name: _static(name),
    "/sandbox/scan": _scan,
}
