import pytest

from dashboard.benches.dashboard import bench_dashboard


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("places_of_its_own")
def test_bench_of_the_dashboard_opens_the_pages_and_rolls_a_day_up():
    figures = bench_dashboard(10, 40)

    assert figures["数据"]["门店日"] == 10 * 40
    assert figures["数据"]["群成员"] == 32 * 256
    for page in ("空页面", "总览", "排名", "门店页"):
        assert set(figures[page]) == {"p50_ms", "p95_ms"}
    assert set(figures["重算 1 家 秒"]) == {"1天", "30天", "每天"}
