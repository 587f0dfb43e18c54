import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from members import merge_registry, tasks
from members.models import Consent, Contact, Identity, Member, MemberMerge, Purchase
from members.selectors.survivors import survivor_of
from members.services.merging import SelfMerge, gather_strays, merge_members
from stores.models import AuditEntry
from tests.factories import (
    ContactFactory,
    GuideFactory,
    MemberFactory,
    StaffFactory,
    StoreFactory,
    identity,
    purchase,
)
from tests.racing import race

AT = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


def _merge(kept: Member, absorbed: Member, **more) -> MemberMerge:
    arguments = {"reason": "同一手机号", "evidence": {"phone_tail": "5678"}, "by": None, "at": AT} | more
    return merge_members(kept=kept, absorbed=absorbed, **arguments)


@pytest.mark.django_db
def test_merge_moves_everything_and_counts_it():
    kept, absorbed = MemberFactory(), MemberFactory()
    identity(absorbed, "phone", "13812345678")
    identity(absorbed, "card", "88001234")
    Consent.objects.create(
        member=absorbed, purpose="marketing", decision="granted", source="收银台", text_version="v1", at=AT
    )
    ContactFactory(member=absorbed)
    for day in (1, 40, 80):  # in three partitions
        purchase(member=absorbed, bought_at=AT - timedelta(days=day))

    merge = _merge(kept, absorbed)

    assert {key: merge.moved[key] for key in ("identities", "contacts", "consents", "purchases")} == {
        "identities": 2, "contacts": 1, "consents": 1, "purchases": 3,
    }  # fmt: skip
    for model, rows in ((Identity, 2), (Contact, 1), (Consent, 1), (Purchase, 3)):
        assert model.objects.filter(member=kept).count() == rows
        assert model.objects.filter(member=absorbed).count() == 0


@pytest.mark.django_db
def test_merge_is_recorded_with_who_why_and_when_and_audited():
    hq = StaffFactory()
    kept, absorbed = MemberFactory(), MemberFactory()

    merge = _merge(kept, absorbed, by=hq)

    assert (merge.kept, merge.absorbed, merge.reason, merge.by, merge.at) == (kept, absorbed, "同一手机号", hq, AT)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == (hq, "member.merged", f"member:{kept.pk}")


@pytest.mark.django_db
def test_merge_fills_blanks_and_keeps_the_earlier_joining_day():
    store = StoreFactory()
    kept = MemberFactory(name="", home_store=None, birthday=None, joined_at=AT)
    absorbed = MemberFactory(name="李小梅", home_store=store, birthday="1990-02-03", joined_at=AT - timedelta(days=9))

    merge = _merge(kept, absorbed)

    kept.refresh_from_db()
    assert (kept.name, kept.home_store, str(kept.birthday)) == ("李小梅", store, "1990-02-03")
    assert kept.joined_at == AT - timedelta(days=9)
    assert merge.moved["filled"] == ["name", "birthday", "home_store", "joined_at"]


@pytest.mark.django_db
def test_merge_never_overwrites_what_the_kept_member_knows():
    kept = MemberFactory(name="王芳", joined_at=AT - timedelta(days=9))
    absorbed = MemberFactory(name="小王", joined_at=AT)

    _merge(kept, absorbed)

    kept.refresh_from_db()
    assert (kept.name, kept.joined_at) == ("王芳", AT - timedelta(days=9))


@pytest.mark.django_db
def test_merge_leaves_one_contact_per_staff_since_the_earlier_day():
    guide = GuideFactory()
    kept, absorbed = MemberFactory(), MemberFactory()
    ContactFactory(member=kept, staff=guide, added_at=AT, ended_at=AT + timedelta(days=1))
    ContactFactory(member=absorbed, staff=guide, added_at=AT - timedelta(days=3), remark="爱吃榴莲")

    _merge(kept, absorbed)

    contact = Contact.objects.get()
    assert (contact.member, contact.added_at, contact.ended_at) == (kept, AT - timedelta(days=3), None)
    assert contact.remark == "爱吃榴莲"


@pytest.mark.django_db
def test_chain_of_merges_leads_old_links_to_the_final_survivor():
    first, second, third = MemberFactory(), MemberFactory(), MemberFactory()

    _merge(second, first)
    _merge(third, second)

    assert [survivor_of(member.pk) for member in (first, second, third)] == [third.pk] * 3


@pytest.mark.django_db
def test_merging_into_an_absorbed_member_reaches_its_survivor():
    survivor, absorbed, late = MemberFactory(), MemberFactory(), MemberFactory()
    identity(late, "card", "88001234")
    _merge(survivor, absorbed)

    merge = _merge(absorbed, late)

    assert (merge.kept, merge.absorbed) == (survivor, late)
    assert Identity.objects.get().member == survivor


@pytest.mark.django_db
def test_merge_repeated_or_reversed_returns_the_first_record():
    kept, absorbed = MemberFactory(), MemberFactory()
    first = _merge(kept, absorbed)

    assert _merge(kept, absorbed) == first
    assert _merge(absorbed, kept) == first
    assert MemberMerge.objects.count() == 1


@pytest.mark.django_db
def test_merge_refuses_a_member_with_herself():
    member = MemberFactory()

    with pytest.raises(SelfMerge):
        _merge(member, member)


@pytest.mark.django_db
def test_the_nightly_task_moves_rows_written_to_an_absorbed_member():
    kept, absorbed = MemberFactory(), MemberFactory()
    _merge(kept, absorbed)
    stray = purchase(member=absorbed, bought_at=AT)

    tasks.gather_strays()

    assert Purchase.objects.get(receipt=stray.receipt).member == kept


@pytest.mark.django_db
def test_stray_rows_of_an_absorbed_member_are_gathered():
    kept, middle, absorbed = MemberFactory(), MemberFactory(), MemberFactory()
    _merge(middle, absorbed)
    _merge(kept, middle)
    stray = purchase(member=absorbed, bought_at=AT)

    assert gather_strays() == 1
    assert gather_strays() == 0

    assert Purchase.objects.get(receipt=stray.receipt).member == kept


@pytest.mark.django_db
def test_merge_asks_the_apps_above(monkeypatch):
    calls = []
    monkeypatch.setattr(merge_registry, "_movers", dict(merge_registry._movers))
    merge_registry.register("tags", "标签", lambda *, kept, absorbed: calls.append((kept, absorbed)) or 7)
    kept, absorbed = MemberFactory(), MemberFactory()

    assert _merge(kept, absorbed).moved["tags"] == 7
    assert calls == [(kept, absorbed)]
    assert merge_registry.labels()["tags"] == "标签"


@pytest.mark.django_db(transaction=True)
def test_race_of_opposite_merges_leaves_one_winner():
    one, two = MemberFactory(), MemberFactory()

    results = race(partial(_merge, one, two), partial(_merge, two, one))

    assert [type(result) for result in results] == [MemberMerge, MemberMerge]
    assert results[0] == results[1]
    assert Member.objects.filter(merged_into=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_race_of_merges_round_a_ring_ends_with_one_survivor():
    ring = [MemberFactory() for _ in range(4)]
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)

    results = race(*(partial(_merge, kept, absorbed) for kept, absorbed in pairs))

    assert [type(result) for result in results] == [MemberMerge] * 4
    assert Member.objects.filter(merged_into=None).count() == 1
    assert len({survivor_of(member.pk) for member in ring}) == 1


@pytest.mark.django_db(transaction=True)
def test_control_opposite_merges_without_the_lock_lose_both_members():
    one, two = MemberFactory(), MemberFactory()
    both_have_looked = threading.Barrier(2)

    def naive(kept: Member, absorbed: Member) -> None:
        with transaction.atomic():
            if Member.objects.get(pk=kept.pk).merged_into_id is None:
                both_have_looked.wait(30)
                Member.objects.filter(pk=absorbed.pk).update(merged_into=kept)

    race(partial(naive, one, two), partial(naive, two, one))

    assert Member.objects.filter(merged_into=None).count() == 0
