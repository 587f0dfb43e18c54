"""The Celery application; what it does when stands in `config.timetable`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu.entity import Queue

from config.timetable import BULK, DEFAULT, FAST, QUEUES, TIMETABLE

__all__ = ["BULK", "DEFAULT", "FAST", "QUEUES", "app", "broker_url", "configuration"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_HOUR = 3600


def broker_url(redis_url: str) -> str:
    """Celery's name of a redis-py address: a socket is called differently there."""
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _, query = redis_url.removeprefix("unix://").partition("?")
    database = query.removeprefix("db=") or "0"
    return f"redis+socket://{path}?virtual_host={database}"


def configuration() -> dict[str, Any]:
    """Everything Celery is told; read when first needed, since settings import this package."""
    from django.conf import settings

    return {
        "broker_url": broker_url(settings.REDIS_URL),
        "broker_connection_retry_on_startup": True,
        # A message unacknowledged for this long goes to another worker, so it must outlast every task.
        "broker_transport_options": {"visibility_timeout": 2 * _HOUR, "socket_connect_timeout": 2},
        "timezone": settings.TIME_ZONE,
        "task_queues": [Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]
        "task_default_queue": DEFAULT,
        "task_create_missing_queues": False,  # a task routed to a misspelt queue fails where it is sent
        "task_routes": {"*.bulk_*": BULK, "*.fast_*": FAST},
        "task_ignore_result": True,
        # At least once: services are safe to repeat, and a killed worker loses nothing.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_soft_time_limit": _HOUR - 60,
        "task_time_limit": _HOUR,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "beat_scheduler": "config.pulse:PulseScheduler",
        "beat_schedule": TIMETABLE,
    }


app = Celery("dianquan")
app.add_defaults(configuration)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Stop Celery from laying its own log format over `config.logging`; Django's set-up has run already."""
