"""The life of a store: which moves are possible, when, and for whom."""

from datetime import UTC, date, datetime
from functools import partial

import pytest

from stores.models import AuditEntry, Store
from stores.services.stages import StageMoveRefused, move_stage, next_stages
from tests.factories import ManagerFactory, RegionLeadFactory, StaffFactory, StoreFactory
from tests.racing import race

AT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
FITOUT, OPENING, RUNNING, SUSPENDED = Store.Stage


def move(store, to, on, actor=None):
    return move_stage(store=store, to=to, on=on, actor=actor or StaffFactory(), at=AT)


@pytest.mark.django_db
def test_a_store_is_fitted_out_opened_run_paused_and_resumed():
    store = StoreFactory(stage=FITOUT, fitout_on=date(2026, 1, 1))

    for to, day in [(OPENING, 1), (RUNNING, 5), (SUSPENDED, 8), (RUNNING, 10)]:
        move(store, to, date(2026, 3, day))

    store.refresh_from_db()
    assert (store.stage, store.opened_on, store.running_on, store.suspended_on) == (
        RUNNING, date(2026, 3, 1), date(2026, 3, 5), None,
    )  # fmt: skip
    moves = AuditEntry.objects.order_by("pk").values_list("detail__from", "detail__to")
    assert list(moves) == [
        ("fitout", "opening"), ("opening", "running"), ("running", "suspended"), ("suspended", "running"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_each_stage_leads_only_where_it_may():
    assert {
        stage: next_stages(StoreFactory(stage=stage, suspended_on=date(2026, 1, 1), opened_on=date(2025, 1, 1)))
        for stage in Store.Stage
    } == {
        FITOUT: [OPENING, SUSPENDED],
        OPENING: [RUNNING, SUSPENDED],
        RUNNING: [SUSPENDED],
        SUSPENDED: [RUNNING],
    }
    assert next_stages(StoreFactory(stage=SUSPENDED, suspended_on=date(2026, 1, 1))) == [OPENING]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("to", "on", "reason"),
    [
        (RUNNING, date(2026, 3, 1), "不能直接转为「正常」"),
        (OPENING, date(2026, 3, 11), "日期不能晚于今天"),
        (OPENING, date(2025, 12, 31), "日期不能早于「装修」的日期 2026-01-01"),
    ],
)
def test_an_impossible_move_is_refused_in_words(to, on, reason):
    store = StoreFactory(stage=FITOUT, fitout_on=date(2026, 1, 1))

    with pytest.raises(StageMoveRefused, match=reason):
        move(store, to, on)

    store.refresh_from_db()
    assert store.stage == FITOUT


@pytest.mark.django_db
@pytest.mark.parametrize("factory", [ManagerFactory, RegionLeadFactory])
def test_only_hq_moves_a_store(factory, client):
    person = factory()
    store = person.store or StoreFactory(region=person.region)

    with pytest.raises(StageMoveRefused, match="只有总部"):
        move(store, SUSPENDED, date(2026, 3, 1), actor=person)

    client.force_login(person)
    response = client.post(f"/stores/{store.pk}/stage/", {"to": "suspended", "on": "2026-03-01"})
    assert response.status_code == 404
    assert "确认调整" not in client.get(f"/stores/{store.pk}/").content.decode()


@pytest.mark.django_db
def test_a_repeated_move_changes_and_records_nothing():
    store = StoreFactory(stage=OPENING, opened_on=date(2026, 3, 1))

    move(store, RUNNING, date(2026, 3, 2))
    move(store, RUNNING, date(2026, 3, 2))

    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_move_one_store_and_one_of_them_is_told():
    store, hq = StoreFactory(stage=OPENING, opened_on=date(2026, 3, 1)), StaffFactory()
    mine, yours = Store.objects.get(pk=store.pk), Store.objects.get(pk=store.pk)

    results = race(
        partial(move, mine, RUNNING, date(2026, 3, 2), hq), partial(move, yours, SUSPENDED, date(2026, 3, 3), hq)
    )

    assert sorted(type(r).__name__ for r in results) == ["StageMoveRefused", "Store"]
    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db
def test_hq_moves_a_store_on_its_page(client):
    client.force_login(StaffFactory())
    store = StoreFactory(stage=OPENING, opened_on=date(2026, 3, 1))
    url = f"/stores/{store.pk}/stage/"

    done = client.post(url, {"to": "running", "on": "2026-03-05"}, follow=True).content.decode()
    refused = client.post(url, {"to": "opening", "on": "2026-03-05"}, follow=True).content.decode()
    garbled = client.post(url, {"to": "suspended", "on": "soon"}, follow=True).content.decode()

    assert "已转为「正常」" in done
    assert "这个阶段现在不能选" in refused
    assert "日期写法不对" in garbled
    store.refresh_from_db()
    assert (store.stage, store.running_on) == (RUNNING, date(2026, 3, 5))
