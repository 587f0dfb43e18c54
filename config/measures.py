"""What `/metrics` tells beyond the counters of django-prometheus: queues, pulses and import jobs."""

import os
from collections.abc import Iterator

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from config import pulse
from config.celery import QUEUES

logger = structlog.get_logger(__name__)


class HouseCollector(Collector):
    """Gauges read when asked for, so that every web process tells the same.

    A source that is down is shown by `dianquan_source_up` 0 and the absence of its gauges: the scrape goes on.
    """

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("dianquan_source_up", "1 where the gauges of a source could be read", labels=["source"])
        for source, read, errors in (
            ("redis", self._from_redis, redis.RedisError),
            ("database", self._from_database, DatabaseError),
        ):
            try:
                yield from list(read())
                up.add_metric([source], 1)
            except errors:
                logger.warning("metrics_source_down", source=source)
                up.add_metric([source], 0)
        yield up

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: registering must not read anything."""
        return []

    def _from_redis(self) -> Iterator[GaugeMetricFamily]:
        client = pulse.client(settings.REDIS_URL)
        waiting = GaugeMetricFamily("dianquan_queue_messages", "Messages waiting for a worker", labels=["queue"])
        for queue in QUEUES:
            waiting.add_metric([queue], client.llen(queue))
        yield waiting
        age = GaugeMetricFamily(
            "dianquan_pulse_age_seconds", "Since beat's last round, and since each queue's worker took its message",
            labels=["name"],
        )  # fmt: skip
        for name, seconds in pulse.ages(at=timezone.now()).items():
            age.add_metric([name], seconds)
        yield age

    def _from_database(self) -> Iterator[GaugeMetricFamily]:
        from stores.models import ImportJob

        jobs = GaugeMetricFamily("dianquan_import_jobs", "Import jobs by state", labels=["state"])
        found = dict(ImportJob.objects.values_list("state").annotate(count=Count("pk")))
        for state in ImportJob.State.values:
            jobs.add_metric([state], found.get(state, 0))
        yield jobs


_house = CollectorRegistry(auto_describe=False)
_house.register(HouseCollector())


def exposition() -> tuple[bytes, str]:
    """The text to expose and its content type.

    Under several gunicorn workers `PROMETHEUS_MULTIPROC_DIR` is set, and the counters of all are added up.
    """
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry) + generate_latest(_house), CONTENT_TYPE_LATEST
