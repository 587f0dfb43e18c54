"""WeCom sends no callback for what we write through its API: our rows follow at once, and hold after a full reading."""

from datetime import timedelta

import pytest
from django.utils import timezone

from communities.models import GroupWelcome
from communities.services import group_welcomes
from members.models import Contact
from members.services import contact_writes
from stores.models import AuditEntry
from tests.factories import StaffFactory
from tests.mirror.mirroring import drift_of, staff
from wecom.client.content import ContentRefused
from wecom.client.customers import tags_of
from wecom.client.errors import WeComRefused
from wecom.gateway import wecom

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(mirror):
    mirror.read_all()
    return Contact.objects.filter(staff=staff("manager0001")).order_by("pk")[0]


def write(service, contact, **given):
    at = timezone.now() + timedelta(seconds=1)
    service(contact=contact, by=StaffFactory(), at=at, gateway=wecom(), **given)


def test_a_remark_is_written_there_and_here(mirror, contact):
    write(contact_writes.write_remark, contact, remark="常客·爱榴莲")

    contact.refresh_from_db()
    assert contact.remark == "常客·爱榴莲"
    assert mirror.ours() == mirror.truth()
    assert mirror.news() == []
    assert AuditEntry.objects.filter(action="contact.remark").count() == 1
    assert drift_of(mirror.read_all("contacts")["contacts"]) == {}


def test_tags_are_put_on_and_taken_off_there_and_here(mirror, contact):
    group = wecom().tags.add(group_name="口味", names=["爱榴莲", "怕上火", "要甜"])
    durian, heat, sweet = sorted(tag["id"] for tag in group["tag"])

    write(contact_writes.mark_tags, contact, add=[durian, heat])
    write(contact_writes.mark_tags, contact, add=[sweet], remove=[heat])
    write(contact_writes.mark_tags, contact, add=[sweet])

    contact.refresh_from_db()
    assert contact.tags == sorted([durian, sweet])
    there = [
        tags_of(one["follow_info"])
        for page in wecom().customers.pages_of(userids=["manager0001"])
        for one in page.items
    ]
    assert [tags for tags in there if tags] == [sorted([durian, sweet])]
    assert drift_of(mirror.read_all("contacts")["contacts"]) == {}


def test_tags_marked_by_hand_come_with_the_next_reading(mirror, contact):
    [tag] = wecom().tags.add(group_name="口味", names=["爱榴莲"])["tag"]
    [external, *_] = mirror.company.customers("manager0001")
    mirror.company.ok(
        "externalcontact/mark_tag", {"userid": "manager0001", "external_userid": external, "add_tag": [tag["id"]]}
    )

    run = mirror.read_all("contacts")["contacts"]

    assert drift_of(run) == {"contact_changed": 1}
    assert Contact.objects.get(tags__len=1).tags == [tag["id"]]


def test_what_wecom_refuses_changes_nothing_here(mirror, contact):
    with pytest.raises(ContentRefused):
        write(contact_writes.write_remark, contact, remark="长" * 21)
    with pytest.raises(WeComRefused):
        write(contact_writes.mark_tags, contact, add=["et-none"])

    contact.refresh_from_db()
    assert (contact.remark, contact.tags, contact.ended_at) == ("", [], None)


def test_writing_to_one_who_is_gone_ends_the_contact(mirror, contact):
    lost = mirror.company.customers("manager0001")
    for one in lost:
        mirror.do("part", userid="manager0001", contact=one, by="customer")

    with pytest.raises(contact_writes.ContactGone):
        write(contact_writes.write_remark, contact, remark="常客")

    contact.refresh_from_db()
    assert (contact.remark, contact.ended_at is not None) == ("", True)


def test_a_group_welcome_is_made_picked_changed_and_taken_away(mirror):
    by, at, gateway = StaffFactory(), timezone.now(), wecom()
    row = group_welcomes.add_template(text="欢迎 %NICKNAME%", by=by, at=at, gateway=gateway)
    group_welcomes.edit_template(row=row, text="你好 %NICKNAME%", by=by, at=at, gateway=gateway)
    row.refresh_from_db()
    there = gateway.welcome.group_template(template_id=row.template_id)

    group_welcomes.delete_template(row=row, by=by, at=at, gateway=gateway)

    assert there["text"]["content"] == row.text == "你好 %NICKNAME%"
    assert not GroupWelcome.objects.exists()
    with pytest.raises(WeComRefused):
        gateway.welcome.group_template(template_id=row.template_id)
