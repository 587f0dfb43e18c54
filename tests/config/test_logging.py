"""One line per event, with its ids, and without anybody's phone number or our secrets."""

import io
import json
import logging
import queue
import re

import pytest
import structlog
from celery.contrib.testing.worker import start_worker
from django.http import HttpResponse
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st

from config import logging as house_logging
from config.celery import app
from tests.factories import ManagerFactory, StaffFactory

mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
secrets = st.from_regex(r"[A-Za-z0-9_-]{16,40}", fullmatch=True)
plain_text = st.text(st.characters(categories=["L", "P", "Zs"]), max_size=40).filter(str.isprintable)


@pytest.fixture
def written(settings, monkeypatch):
    """A function that sets up logging with the given options and returns the stream lines go to.

    A worker sets Django up once more, so the options must stand in the settings too.
    """
    usual = settings.LOGGING
    stream = io.StringIO()

    def set_up(options):
        settings.LOGGING = options
        monkeypatch.setattr("sys.stderr", stream)
        house_logging.configure(options)
        return stream

    yield set_up
    monkeypatch.undo()
    house_logging.configure(usual)


@pytest.fixture
def lines(written):
    """What production writes, parsed."""
    stream = written({"json": True, "level": "INFO"})
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def boom(_request):
    raise RuntimeError("货架塌了：13800138000")


def log_something(_request):
    structlog.get_logger("shop").info("looked_up", phone="13800138000")
    logging.getLogger("old.library").warning("asked %s", "https://x.example/?access_token=abcdefghijkl")
    return HttpResponse("ok")


def gone(_request):
    return HttpResponse("没有", status=404)


urlpatterns = [path("boom", boom), path("log", log_something), path("gone", gone)]


@given(before=plain_text, number=mobiles, after=plain_text)
def test_a_mobile_number_never_survives(before, number, after):
    masked = house_logging.mask_text(f"{before} {number} {after}")

    assert number not in masked
    assert f"{number[:3]}****{number[-4:]}" in masked


@given(number=mobiles, prefix=st.sampled_from(["", "+86", "86", "+86 ", "0086-"]), gap=st.sampled_from(["", " ", "-"]))
def test_a_mobile_number_is_known_however_it_is_written(number, prefix, gap):
    written = prefix + gap.join((number[:3], number[3:7], number[7:]))

    masked = house_logging.mask_text(f"电话{written}。")

    assert number[3:7] not in re.sub(rf"^.*?{number[:3]}", "", masked).removesuffix(f"{number[7:]}。")
    assert "****" in masked


@given(number=st.from_regex(r"[0-9]{12,20}", fullmatch=True).filter(lambda text: not text.startswith(("861", "00861"))))
def test_a_longer_number_is_left_alone(number):
    assert house_logging.mask_text(f"小票 {number}") == f"小票 {number}"


@given(
    name=st.sampled_from(
        ["access_token", "corpsecret", "password", "jsapi_ticket", "SECRET_KEY", "sessionid", "X-Api-Key"]
    ),
    secret=secrets,
    shape=st.sampled_from(["{0}={1}&x=1", '{{"{0}": "{1}"}}', "{{'{0}': '{1}'}}", "{0}: {1}"]),
)
def test_a_named_secret_never_survives(name, secret, shape):
    masked = house_logging.mask_text(shape.format(name, secret))

    assert secret not in masked
    assert name in masked


@given(secret=secrets, scheme=st.sampled_from(["Bearer", "Token", "bearer", "Basic"]))
def test_a_credential_header_never_survives(secret, scheme):
    assert secret not in house_logging.mask_text(f"Authorization: {scheme} {secret}")


@given(secret=secrets)
def test_the_password_in_an_address_never_survives(secret):
    masked = house_logging.mask_text(f"could not reach postgresql://dianquan:{secret}@db.example:5432/x")

    assert masked == "could not reach postgresql://dianquan:***@db.example:5432/x"


shapes = st.recursive(
    mobiles | mobiles.map(int) | mobiles.map(str.encode) | mobiles.map(ValueError),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.sampled_from(["phone", "note", "password", "items"]) | mobiles, inner, max_size=3)
    ),
    max_leaves=6,
)


@given(value=shapes)
def test_no_shape_of_event_carries_a_mobile_number_out(value):
    written = repr(house_logging.mask_event(None, "info", {"event": "x", "value": value}))

    assert re.search(r"1[3-9][0-9]{9}", written) is None


def test_what_is_not_secret_stays_as_it_is():
    event = {"event": "import_finished", "rows": 12_345, "paid_fen": -990, "ok": True, "store_id": None, "share": 0.25}

    assert house_logging.mask_event(None, "info", dict(event)) == event


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_every_line_of_a_request_names_request_user_and_store(client, lines):
    manager = ManagerFactory()
    client.force_login(manager)

    client.get("/log?q=13800138000")

    found = {line["event"]: line for line in lines()}
    assert {line["request_id"] for line in found.values()} == {found["request_finished"]["request_id"]}
    assert {(line["user_id"], line["store_id"]) for line in found.values()} == {(manager.pk, manager.store_id)}
    assert found["looked_up"]["phone"] == "138****8000"
    assert found["asked https://x.example/?access_token=***"]["logger"] == "old.library"
    assert found["request_finished"]["request"] == "GET /log?q=138****8000"


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_a_request_of_headquarters_names_no_store(client, lines):
    client.force_login(StaffFactory())

    client.get("/log")

    assert all("store_id" not in line for line in lines())


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_one_request_is_one_access_line(client, lines):
    client.get("/gone")
    client.get("/log")

    access = [(line["event"], line["code"]) for line in lines() if "request" in line]
    assert access == [("request_finished", 404), ("request_finished", 200)]


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_a_failing_request_is_one_line_with_its_traceback_masked(client, lines):
    client.raise_request_exception = False

    client.get("/boom")

    (line,) = lines()
    assert (line["event"], line["code"], line["level"]) == ("request_failed", 500, "error")
    assert "RuntimeError: 货架塌了：138****8000" in line["exception"]


def test_probes_leave_no_line(client, lines):
    client.get("/healthz")

    assert lines() == []


@pytest.mark.django_db(transaction=True)
def test_a_task_inherits_the_request_that_sent_it(lines, own_queues):
    seen = queue.Queue()

    @app.task(name="tests.who_sent_me")
    def who_sent_me():
        seen.put(structlog.contextvars.get_contextvars())

    try:
        with structlog.contextvars.bound_contextvars(request_id="r-1", store_id=7):
            task_id = who_sent_me.delay().id
        with start_worker(app, queues=["default"], perform_ping_check=False, pool="solo", shutdown_timeout=30):
            context = seen.get(timeout=20)
    finally:
        del app.tasks["tests.who_sent_me"]

    assert (context["request_id"], context["store_id"], context["task_id"]) == ("r-1", 7, task_id)
    told = [(line["event"], line["task_id"], line["request_id"]) for line in lines() if "task_id" in line]
    assert told == [("task_started", task_id, "r-1"), ("task_succeeded", task_id, "r-1")]


def test_development_reads_like_prose(written):
    stream = written({"json": False, "level": "INFO"})

    structlog.get_logger("shop").info("opened", store="西湖店")

    assert re.fullmatch(r"\S+ \[info +\] opened +\[shop\] store=西湖店\n", stream.getvalue())
