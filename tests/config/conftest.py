import uuid

import pytest
from kombu import pools

from config import pulse
from config.celery import app


@pytest.fixture
def own_queues(settings, monkeypatch):
    """(client, prefix): queues and pulses of this test alone, since parallel runs share one Redis."""
    prefix = f"test-{uuid.uuid4().hex[:8]}:"
    client = pulse.client(settings.REDIS_URL)
    monkeypatch.setattr(pulse, "KEY", f"{prefix}pulse")
    monkeypatch.setitem(app.conf.broker_transport_options, "global_keyprefix", prefix)
    _forget_connections()
    yield client, prefix
    _forget_connections()
    for key in client.scan_iter(f"{prefix}*"):
        client.delete(key)


def _forget_connections():
    """Connections keep the options they were made with, so those with another prefix must go."""
    pools.reset()
    app._after_fork()
