import pytest

from dashboard.benches.boards import bench_boards


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("places_of_its_own")
def test_bench_of_the_boards_opens_each_over_a_whole_chain():
    figures = bench_boards(40)

    assert figures["posts"]["today"] == 40 * 16 // 5 * 4
    assert figures["汇总"]["days"] >= 28
    assert set(figures["执行 一个月"]) == {"p50_ms", "p95_ms"}
