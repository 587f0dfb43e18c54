from datetime import UTC, datetime
from functools import partial

import pytest

from members.models import Contact, Identity, Member
from members.services.wecom_contacts import SeenContact, apply_contacts
from tests.factories import GuideFactory
from tests.racing import race

NOON = datetime(2026, 1, 5, 4, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_event_and_reading_that_meet_the_same_newcomers_make_one_member_of_each():
    GuideFactory(wecom_userid="xiaoli")
    seen = [
        SeenContact(
            contact={"external_userid": f"wm{n}", "unionid": f"o{n}", "name": "小满"},
            follow={"userid": "XiaoLi", "createtime": 1_767_571_200},
        )
        for n in range(5)
    ]
    apply = partial(apply_contacts, corp_id="ww1", read_at=NOON, at=NOON)

    results = race(partial(apply, seen=seen), partial(apply, seen=seen[::-1]), partial(apply, seen=seen[2:]))

    assert sum(len(result.added) for result in results) == 5
    assert (Member.objects.count(), Identity.objects.count(), Contact.objects.count()) == (5, 10, 5)


@pytest.mark.django_db
def test_more_newcomers_than_postgresql_has_locks_fit_into_one_transaction():
    GuideFactory(wecom_userid="xiaoli")
    for start in range(0, 9_000, 1_500):
        seen = [
            SeenContact(contact={"external_userid": f"wm{n}", "unionid": f"o{n}"}, follow={"userid": "xiaoli"})
            for n in range(start, start + 1_500)
        ]
        apply_contacts(seen=seen, corp_id="ww1", read_at=NOON, at=NOON)

    assert Contact.objects.count() == 9_000
