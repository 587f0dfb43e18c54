import pytest

from dashboard.benches.welcome import bench_welcome


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("places_of_its_own")
def test_bench_of_welcomes_sends_one_to_each_newcomer_behind_a_buried_queue(monkeypatch):
    monkeypatch.setattr("dashboard.benches.welcome._WAITING", 2_000)

    figures = bench_welcome(20)

    # How soon is for the bench to say: on a busy machine even these can be late.
    assert set(figures["outcomes"]) <= {"sent", "late"}
    assert sum(figures["outcomes"].values()) == 28
    assert 0 <= figures["share_within_20_s"] <= 1
    assert figures["tasks_in_default_queue"]["before"] > 0
