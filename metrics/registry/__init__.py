"""The one place where a metric is defined: pages, API and exports take name, meaning, unit and sum from here."""

from metrics.registry.catalogue import HISTORY, METRICS
from metrics.registry.metrics import Direction, Metric, Unit, UnknownMetric, metric

__all__ = ["HISTORY", "METRICS", "Direction", "Metric", "Unit", "UnknownMetric", "metric"]
