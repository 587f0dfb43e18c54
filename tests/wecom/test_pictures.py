"""Pictures of codes: the API's own host is trusted, every other address is a stranger's."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from wecom import pictures
from wecom.fetching import Fetched, FetchRefused
from wecom.pictures import code_picture

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


@pytest.fixture
def host(settings):
    """The API's host, which answers each path as the test says; the paths that were asked for are kept."""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, headers, content = answers[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(content)
            except ConnectionError:
                cut.set()

        def log_message(self, *_):
            pass

    asked: list[str] = []
    cut = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.WECOM_API_BASE = f"http://127.0.0.1:{server.server_port}"
    server.answers, server.asked = answers, asked
    yield server
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_picture_at_the_api_s_own_host_is_fetched(host, settings):
    host.answers["/qr/1"] = (200, {"content-type": "image/png; charset=x"}, PNG)

    assert code_picture(f"{settings.WECOM_API_BASE}/qr/1") == Fetched(PNG, "image/png")


@pytest.mark.parametrize(
    "answer",
    [
        (302, {"location": "/secret"}, b""), (404, {"content-type": "image/png"}, b""),
        (200, {"content-type": "text/html"}, b"<html>"), (200, {}, PNG),
        (200, {"content-type": "image/png"}, b"0" * (1024 * 1024 + 1)),
    ],
    ids=["redirect", "missing", "html", "no type", "too large"],
)  # fmt: skip
def test_anything_but_a_picture_of_fair_size_is_refused_and_no_redirect_followed(host, settings, answer):
    host.answers |= {"/qr/1": answer, "/secret": (200, {"content-type": "image/png"}, PNG)}

    with pytest.raises(FetchRefused):
        code_picture(f"{settings.WECOM_API_BASE}/qr/1")

    assert host.asked == ["/qr/1"]


def test_host_that_does_not_answer_is_a_refusal(host, settings):
    gone = settings.WECOM_API_BASE
    host.shutdown()
    host.server_close()

    with pytest.raises(FetchRefused, match="下载失败"):
        code_picture(f"{gone}/qr/1")


@pytest.mark.parametrize(
    "change",
    [
        lambda base: base.replace("127.0.0.1", "localhost"), lambda base: base.replace("http://", "https://"),
        lambda base: base.replace("http://", "http://user@"), lambda _: "http://127.0.0.1:1",
        lambda _: "http://169.254.169.254", lambda _: "file:///etc", lambda _: "",
    ],
)  # fmt: skip
def test_another_host_port_or_scheme_is_a_strangers_address_and_never_asked_inside_our_network(host, settings, change):
    with pytest.raises(FetchRefused):
        code_picture(f"{change(settings.WECOM_API_BASE)}/qr/1")

    assert host.asked == []


def test_strangers_address_goes_through_the_safe_fetch(host, monkeypatch):
    seen = []
    monkeypatch.setattr(
        pictures, "fetch_public", lambda url, *, max_bytes: seen.append((url, max_bytes)) or Fetched(PNG, "image/png")
    )

    assert code_picture("https://wework.qpic.cn/qr/1").content == PNG
    assert seen == [("https://wework.qpic.cn/qr/1", 1024 * 1024)]
