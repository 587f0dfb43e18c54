from unittest.mock import ANY

import pytest

from dashboard.benches.callback import bench_callback


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("places_of_its_own")
def test_bench_of_the_callback_stores_what_it_sends_and_leaves_nothing(monkeypatch):
    monkeypatch.setattr("dashboard.benches.callback._SECONDS", 1)

    figures = bench_callback(60)

    measured = {"per_second": ANY, "rounds": [ANY] * 3}
    latency = {"p50_ms_at_200_per_second": ANY, "p99_ms_at_200_per_second": ANY}
    assert figures == {
        "callback": measured | latency, "empty_view": measured | latency, "insert": measured,
        "share_of_empty_view": ANY, "events_stored": 100 + 60 + 200, "events_sent": 100 + 60 + 200,
    }  # fmt: skip
