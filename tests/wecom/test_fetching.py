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


def test_name_is_looked_up_once_so_that_it_cannot_change_its_mind():
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    seen = []

    def respond(request):
        seen.append(request)
        return httpx.Response(200, content=b"x", headers={"content-type": "image/png"})

    http = httpx.Client(transport=httpx.MockTransport(respond))

    fetch_public("https://rebinding.example/", max_bytes=10, lookup=lambda _: next(answers), http=http)

    assert [request.url.host for request in seen] == [PUBLIC]
    assert next(answers) == ["127.0.0.1"]  # nobody asked again


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "localhost"])
def test_our_own_machine_is_refused_however_it_is_written(host):
    with pytest.raises(FetchRefused):
        fetch_public(f"https://{host}/", max_bytes=10)


def test_answer_that_drips_is_given_up(monkeypatch):
    monkeypatch.setattr("wecom.fetching._SECONDS", -1)

    with pytest.raises(FetchRefused, match="超时"):
        _fetch()


def test_fault_of_the_network_is_a_refusal_that_does_not_repeat_the_address():
    def broken(request):
        raise httpx.ConnectError(f"cannot reach {request.url}")

    http = httpx.Client(transport=httpx.MockTransport(broken))

    with pytest.raises(FetchRefused, match="ConnectError") as refused:
        fetch_public("https://pictures.example/?token=abc", max_bytes=10, lookup=lambda _: [PUBLIC], http=http)

    assert "abc" not in str(refused.value)
    assert refused.value.__cause__ is None
