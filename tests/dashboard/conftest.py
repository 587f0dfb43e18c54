"""Places for the benches: each worker has its own, and a database that is migrated already."""

import os

import psycopg
import pytest
from django.db import connection
from psycopg import sql


@pytest.fixture(scope="session")
def _migrated(django_db_setup, django_db_blocker):
    """The name of a copy of the test database, which is empty between tests: to migrate one takes ten seconds."""
    with django_db_blocker.unblock():
        place = connection.get_connection_params()
        connection.close()
        connection.close_pool()
    name, copy = place["dbname"], f"{place['dbname']}_migrated"
    place = {key: place[key] for key in ("host", "port", "user", "password") if place.get(key)}
    with psycopg.connect(dbname="postgres", autocommit=True, **place) as bare:
        # Whoever a test left connected: nothing is copied while somebody looks.
        bare.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        bare.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(copy), sql.Identifier(name)))
        yield copy
        bare.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(copy)))


@pytest.fixture
def places_of_its_own(_migrated, monkeypatch):
    """A bench that runs beside another worker's meets neither its Redis database nor a long migration."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    monkeypatch.setattr("dashboard.benches.callback._REDIS_DB", 15 - worker)
    monkeypatch.setattr("dashboard.benches.callback._TEMPLATE", _migrated)
