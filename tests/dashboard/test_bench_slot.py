import pytest

from dashboard.benches.slot import bench_slot


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("places_of_its_own")
def test_bench_of_a_slot_lays_out_a_day_and_releases_two_slots_in_places_of_its_own():
    figures = bench_slot(3, 6)

    assert (figures["posts"], figures["released"]) == (24, 12)
    assert (figures["group_sends"], figures["cards"]) == (3, 3)
    assert set(figures["page_ms"]) == {"today_board", "execution_board"}
    assert set(figures["seconds"]) == {
        "materialise", "materialise_again", "bare_inserts", "release_group_sends", "bare_calls", "release_cards",
        "materialise_next_day",
    }  # fmt: skip
