"""What a browser is told on real responses, how long a session lives, and what is never served."""

import io

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from PIL import Image

from config.middleware import ClientAddress
from tests.factories import StaffFactory
from tests.processes import SAFE, in_a_fresh_process

HOUR = 3600


@pytest.fixture
def administrator(db):
    return StaffFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def plain_staff(db):
    return StaffFactory(is_staff=True)


def test_every_page_carries_the_security_headers(client, administrator):
    client.force_login(administrator)

    headers = client.get("/admin/").headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'self'", "'self'", "'self'")
    assert (policy["frame-ancestors"], policy["object-src"], policy["base-uri"]) == ("'none'", "'none'", "'none'")


@pytest.mark.django_db
def test_an_error_page_carries_them_too(client):
    headers = client.get("/no-such-page").headers

    assert {"Content-Security-Policy", "Permissions-Policy", "X-Content-Type-Options"} <= set(headers)


def test_production_sends_hsts_secure_cookies_and_redirects_to_https():
    script = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "from django.conf import settings\n"
        "plain, secure = Client(HTTP_HOST='dianquan.example'), Client(HTTP_HOST='dianquan.example')\n"
        "moved = plain.get('/no-such-page')\n"
        "print(moved.status_code, moved.headers['Location'])\n"
        "behind_proxy = secure.get('/', HTTP_X_FORWARDED_PROTO='https')\n"
        "print(behind_proxy.status_code, behind_proxy.headers['Strict-Transport-Security'])\n"
        "print(Client(HTTP_HOST='10.0.0.1').get('/healthz').status_code)\n"
        "print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY)\n"
    )

    finished = in_a_fresh_process("-c", script, **SAFE, DJANGO_SETTINGS_MODULE="config.settings")

    assert finished.stdout.splitlines() == [
        "301 https://dianquan.example/no-such-page",
        "302 max-age=31536000; includeSubDomains; preload",
        "200",
        "True True True",
    ], finished.stderr


def test_only_superusers_enter_the_back_office(client, administrator, plain_staff):
    client.force_login(plain_staff)
    refused = client.get("/admin/stores/store/")
    client.force_login(administrator)

    assert refused.status_code == 302
    assert refused.headers["Location"].startswith("/admin/login/")
    assert client.get("/admin/").status_code == 200


def logged_in_after(client, user, hours, *, seen_every):
    """Whether a session still holds after `hours`, used every `seen_every` hours in between."""
    start = 1_767_571_200
    with time_machine.travel(start, tick=False) as clock:
        client.force_login(user)
        for hour in range(seen_every, hours + 1, seen_every):
            clock.move_to(start + hour * HOUR)
            status = client.get("/admin/").status_code
        return status == 200


@pytest.mark.parametrize(
    ("hours", "seen_every", "holds"),
    [
        (11, 11, True),
        (13, 13, False),  # 12 hours unused
        (166, 2, True),
        (168, 2, False),  # 7 days in any case
    ],
)
def test_a_session_ends_unused_for_12_hours_and_after_7_days_in_any_case(
    client, administrator, hours, seen_every, holds
):
    assert logged_in_after(client, administrator, hours, seen_every=seen_every) is holds


def test_a_session_is_written_once_in_ten_minutes(client, administrator, django_assert_num_queries):
    with time_machine.travel(1_767_571_200, tick=False) as clock:
        client.force_login(administrator)
        with django_assert_num_queries(3):  # the session, its user, and whether she has a second factor
            client.get("/admin/jsi18n/")
        clock.shift(601)
        with django_assert_num_queries(6):  # and a savepoint, the update, its release
            client.get("/admin/jsi18n/")
        with django_assert_num_queries(3):
            client.get("/admin/jsi18n/")


def test_a_visitor_without_a_cookie_costs_no_query(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/no-such-page")


@pytest.mark.parametrize("length", [str(django_settings.MAX_REQUEST_BYTES + 1), "-1", "many"])
def test_a_body_no_page_accepts_is_refused_before_it_is_read(length):
    response = Client().generic("POST", "/no-such-page", b"", headers={"Content-Length": length})

    assert response.status_code == 413
    assert "最多 100 MB" in response.content.decode()


@pytest.fixture
def media(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "products").mkdir()
    (tmp_path / "imports").mkdir()
    picture = io.BytesIO()
    Image.new("RGB", (2, 2), "green").save(picture, "PNG")
    (tmp_path / "products" / "apple.png").write_bytes(picture.getvalue())
    (tmp_path / "products" / "evil.html").write_text("<script>alert(1)</script>")
    (tmp_path / "products" / "evil.svg").write_text("<svg onload='alert(1)'/>")
    (tmp_path / "products" / "page.png").write_text("<script>alert(1)</script>")
    (tmp_path / "imports" / "sales.png").write_text("小票号,手机号")
    return tmp_path


def test_a_product_picture_is_served_as_a_picture(client, db, media):
    response = client.get(reverse("product_picture", kwargs={"name": "apple.png"}))

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/png"
    assert b"".join(response.streaming_content) == (media / "products" / "apple.png").read_bytes()


def test_a_page_dressed_as_a_picture_is_not_run(client, db, media):
    response = client.get("/media/products/page.png")

    assert (response.headers["Content-Type"], response.headers["X-Content-Type-Options"]) == ("image/png", "nosniff")
    response.close()


@pytest.mark.parametrize(
    "path",
    [
        "products/evil.html",
        "products/evil.svg",
        "products/none.png",
        "products/",
        "imports/sales.png",
        "products/../imports/sales.png",
        "products/..%2fimports/sales.png",
        "products//etc/x.png",
    ],
)
def test_nothing_else_in_the_media_folder_is_served(client, db, media, path):
    assert client.get(f"/media/{path}").status_code == 404


@pytest.mark.parametrize(
    ("proxies", "passed_on", "seen"),
    [
        (0, "6.6.6.6", "10.0.0.9"),  # no proxy: whoever sends the header has made it up
        (1, "8.8.8.8", "8.8.8.8"),
        (1, "6.6.6.6, 8.8.8.8", "8.8.8.8"),
        (2, "6.6.6.6, 8.8.8.8, 10.0.0.8", "8.8.8.8"),
        (2, "8.8.8.8", "10.0.0.9"),  # fewer than there are proxies: somebody went around one
        (1, "", "10.0.0.9"),
    ],
)
def test_the_visitors_address_is_what_the_last_trusted_proxy_saw(settings, rf, proxies, passed_on, seen):
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR=passed_on)

    ClientAddress(lambda _: None)(request)

    assert request.META["REMOTE_ADDR"] == seen
    assert "HTTP_X_FORWARDED_FOR" not in request.META
