import httpx
import pytest

from wecom.fetching import Fetched, FetchRefused, fetch_public

PUBLIC = "93.184.216.34"


def _fetch(url="https://pictures.example/a.png?x=1", *, answer=None, addresses=(PUBLIC,), seen=None, max_bytes=1_000):
    def respond(request):
        if seen is not None:
            seen.append(request)
        return answer or httpx.Response(200, content=b"picture", headers={"content-type": "image/png; charset=x"})

    http = httpx.Client(transport=httpx.MockTransport(respond))
    return fetch_public(url, max_bytes=max_bytes, lookup=lambda _: list(addresses), http=http)


def test_public_picture_is_fetched_from_the_very_address_that_was_checked():
    seen = []

    assert _fetch(seen=seen) == Fetched(b"picture", "image/png")
    (request,) = seen
    assert str(request.url) == f"https://{PUBLIC}/a.png?x=1"
    assert (request.headers["host"], request.extensions["sni_hostname"]) == ("pictures.example", "pictures.example")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104 -- refused
        "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "fec0::1",
    ],
)  # fmt: skip
def test_address_inside_any_network_is_refused_before_a_connection(address):
    seen = []

    with pytest.raises(FetchRefused, match="公网"):
        _fetch(addresses=[address], seen=seen)
    with pytest.raises(FetchRefused, match="公网"):
        _fetch(addresses=[PUBLIC, address], seen=seen)

    assert seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://pictures.example/a.png", "file:///etc/passwd", "https:///a.png", "https://me:pw@pictures.example/",
        "https://pictures.example:6379/", "https://pictures.example:99999/", "https://[::1/", "gopher://x", "",
    ],
)  # fmt: skip
def test_address_that_is_not_plain_https_is_refused(url):
    with pytest.raises(FetchRefused):
        _fetch(url)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"location": "http://169.254.169.254/"}),
        httpx.Response(404),
        httpx.Response(200, content=b"<html>", headers={"content-type": "text/html"}),
        httpx.Response(200, content=b"x" * 1_001, headers={"content-type": "image/png"}),
    ],
    ids=["redirect", "missing", "html", "too large"],
)
def test_answer_that_is_not_a_picture_of_fair_size_is_refused_and_never_followed(answer):
    seen = []

    with pytest.raises(FetchRefused):
        _fetch(answer=answer, seen=seen)

    assert len(seen) == 1


def test_host_without_an_address_is_refused():
    def unknown(_host):
        raise OSError

    with pytest.raises(FetchRefused, match="无法解析"):
        fetch_public("https://nowhere.example/", max_bytes=10, lookup=unknown)
