import pytest

from dashboard.benches.welcome import bench_welcome


@pytest.mark.django_db(transaction=True)
def test_bench_of_welcomes_sends_one_to_each_newcomer_behind_a_buried_queue(monkeypatch):
    monkeypatch.setattr("dashboard.benches.welcome._WAITING", 2_000)

    figures = bench_welcome(20)

    assert figures["share_within_20_s"] == 1
    assert figures["outcomes"] == {"sent": 28}
