from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from members.models import Consent, Contact
from members.selectors.consents import has_consent
from members.services.consents import record_consent
from members.services.contacts import end_contact, record_contact
from tests.factories import GuideFactory, MemberFactory
from tests.racing import race

AT = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_the_newest_decision_holds_and_never_asked_is_no():
    member = MemberFactory()
    say = partial(record_consent, member=member, purpose="phone", source="收银台")

    answers = [has_consent(member=member, purpose="phone")]
    for days, decision in enumerate(("granted", "withdrawn", "granted")):
        say(decision=decision, at=AT + timedelta(days=days))
        answers.append(has_consent(member=member, purpose="phone"))

    assert answers == [False, True, False, True]
    assert not has_consent(member=member, purpose="marketing")


@pytest.mark.django_db
def test_new_wording_is_a_new_entry():
    member = MemberFactory()
    for version in ("v1", "v1", "v2"):
        record_consent(member=member, purpose="phone", decision="granted", source="收银台", at=AT, text_version=version)

    assert list(Consent.objects.order_by("pk").values_list("text_version", flat=True)) == ["v1", "v2"]


@pytest.mark.django_db(transaction=True)
def test_race_of_the_same_decision_writes_one_entry():
    member = MemberFactory()
    say = partial(record_consent, member=member, purpose="phone", decision="granted", source="收银台", at=AT)

    results = race(say, say, say)

    assert len({result.pk for result in results}) == 1
    assert Consent.objects.count() == 1


@pytest.mark.django_db
def test_contact_ends_once_and_lives_again_since_its_first_day():
    member, guide = MemberFactory(), GuideFactory()
    record_contact(member=member, staff=guide, at=AT, remark="爱吃榴莲")

    assert end_contact(member=member, staff=guide, at=AT + timedelta(days=1)) is True
    assert end_contact(member=member, staff=guide, at=AT + timedelta(days=2)) is False
    record_contact(member=member, staff=guide, at=AT + timedelta(days=3))

    contact = Contact.objects.get()
    assert (contact.added_at, contact.ended_at, contact.remark) == (AT, None, "爱吃榴莲")
