"""When something fails, the page says so in Chinese and shows a way back."""

import pytest
from django.test import Client, RequestFactory
from django.views import defaults
from django.views.csrf import csrf_failure

from tests.factories import ManagerFactory

BACK = 'href="/">回到首页'


@pytest.mark.django_db
def test_an_unknown_address_is_not_found_in_words(client):
    client.force_login(ManagerFactory())

    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert "没有找到" in response.content.decode()
    assert BACK in response.content.decode()


@pytest.mark.django_db
def test_a_form_that_lay_open_too_long_is_refused_in_words():
    strict = Client(enforce_csrf_checks=True)

    response = strict.post("/login/", {"username": "x", "password": "y"})

    assert response.status_code == 403
    assert "页面放太久了" in response.content.decode()
    assert BACK in response.content.decode()


@pytest.mark.parametrize(
    ("view", "args", "status", "words"),
    [
        (defaults.bad_request, [ValueError()], 400, "页面打不开"),
        (defaults.permission_denied, [PermissionError()], 403, "没有权限"),
        (defaults.page_not_found, [ValueError()], 404, "没有找到"),
        (defaults.server_error, [], 500, "服务器出了点问题"),
        (csrf_failure, [], 403, "页面放太久了"),
    ],
)
def test_error_pages_need_neither_session_nor_database(view, args, status, words):
    response = view(RequestFactory().get("/x/"), *args)

    assert response.status_code == status
    assert words in response.content.decode()
    assert BACK in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/", "/nowhere/"])
def test_pages_carry_no_inline_code_and_a_policy_that_forbids_it(client, path):
    client.force_login(ManagerFactory())

    response = client.get(path, follow=True)

    html = response.content.decode()
    assert "<style" not in html
    assert ' style="' not in html
    assert ' onclick="' not in html
    assert "<script>" not in html
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
