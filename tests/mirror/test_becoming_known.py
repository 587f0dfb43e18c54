"""Somebody in a group and somebody's new contact are one person, whichever is read first."""

import pytest

from communities.models import GroupMembership
from members.models import Member
from tests.mirror.mirroring import Mirror

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("first", ["contact", "group"])
def test_a_newcomers_stay_is_hers_whichever_event_comes_first(mirror: Mirror, first):
    mirror.read_all()
    mirror.news()
    person = mirror.do("create_contact", name="小满")
    mirror.do("befriend", userid="manager0001", contact=person, add_way=1)
    mirror.do("join", chat_id=mirror.company.groups()[0], person=person)
    news = mirror.news()
    for plaintext in news if first == "contact" else reversed(news):
        mirror.deliver([plaintext])

    stay = GroupMembership.objects.get(member=Member.objects.get(name="小满"))
    assert (stay.left_at, stay.join_scene) == (None, 3)


def test_a_stranger_in_a_group_stays_one(mirror: Mirror):
    mirror.read_all()
    person = mirror.do("create_contact", name="路人")
    mirror.do("join", chat_id=mirror.company.groups()[0], person=person)
    mirror.deliver()

    assert GroupMembership.objects.filter(member=None, is_staff=False).count() == 1
