"""Our tags at WeCom: groups by difference, marks by difference, and people's own marks, which stand over rules."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from members.identities import decrypt
from members.models import Contact
from tagging.models import ContactMarks, MemberTag, MirroredGroup, MirroredTag, TagWord
from tagging.services.mirroring.groups import archive_tag, rename_group, rename_tag, settle_groups, switch_mirror
from tagging.services.mirroring.marks import retry_failed, settle_member, settle_store
from tagging.services.tags import apply_rules, make_tag, put_on, take_off
from tests.factories import ProductFactory, StaffFactory, purchase
from tests.mirror.mirroring import staff
from wecom.client.errors import WeComUnavailable
from wecom.gateway import wecom

pytestmark = pytest.mark.django_db
MARK = "externalcontact/mark_tag"


class Killed(BaseException):
    """The worker died here."""


@pytest.fixture
def sweet(mirror):
    """A tag that is kept at WeCom, nobody wears it yet."""
    mirror.read_all()
    tag = make_tag(group="口味", name="爱甜", rules=None, lasts_days=None, by=StaffFactory(), at=timezone.now())
    switch_mirror(group="口味", is_on=True, by=StaffFactory())
    settle_groups(gateway=wecom())
    tag.refresh_from_db()
    return tag


def contacts(userid="manager0001"):
    return list(Contact.objects.filter(staff=staff(userid)).select_related("member").order_by("pk"))


def wear(tag, *members):
    for member in members:
        put_on(member=member, tag=tag, source="form", by=None, at=timezone.now())


def settle(store, **given):
    return settle_store(store=store, gateway=wecom(), **{"calls": 100, **given})


def calls(mirror, api=MARK):
    return mirror.company.see("calls")["calls"].get(api, 0)


def there(mirror):
    """What WeCom shows: group → tags, and how often each is worn."""
    names = {row["id"]: row["name"] for row in mirror.company.rows("tag_group")}
    marks = [row["tag"] for row in mirror.company.rows("mark")]
    found = {}
    for row in mirror.company.rows("tag"):
        found.setdefault(names[row["tag_group"]], {})[row["name"]] = marks.count(row["id"])
    return found


def later():
    return timezone.now() + timedelta(minutes=1)


def test_groups_are_made_renamed_and_taken_down_by_difference_and_others_are_left_alone(mirror, sweet):
    hq, at = StaffFactory(), timezone.now()
    foreign = mirror.company.control("console_tag", group="门店活动", name="周年庆")
    inside = mirror.company.control("console_tag", group="口味", name="店里自己加的")
    crisp = make_tag(group="口味", name="爱脆", rules=None, lasts_days=None, by=hq, at=at)
    assert settle_groups(gateway=wecom()) == 2  # read, add
    assert settle_groups(gateway=wecom()) == 1  # read

    rename_tag(tag=crisp, name="爱爽脆")
    rename_group(group="口味", name="吃口")
    assert settle_groups(gateway=wecom()) == 3
    assert there(mirror) == {"吃口": {"爱甜": 0, "爱爽脆": 0, "店里自己加的": 0}, "门店活动": {"周年庆": 0}}

    archive_tag(tag=crisp, at=at)
    settle_groups(gateway=wecom())
    assert there(mirror)["吃口"] == {"爱甜": 0, "店里自己加的": 0}
    switch_mirror(group="吃口", is_on=False, by=hq)
    settle_groups(gateway=wecom())
    assert there(mirror) == {"吃口": {"店里自己加的": 0}, "门店活动": {"周年庆": 0}}
    assert {foreign["tag_id"], inside["tag_id"]} == {row["id"] for row in mirror.company.rows("tag")}


def test_a_name_of_the_console_is_refused_with_its_reason_and_holds_up_no_other_group(mirror, sweet):
    mirror.company.control("console_tag", group="活跃", name="常来")
    for group in ("活跃", "来源"):
        make_tag(group=group, name="新", rules=None, lasts_days=None, by=StaffFactory(), at=timezone.now())
        switch_mirror(group=group, is_on=True, by=StaffFactory())

    settle_groups(gateway=wecom())

    assert "同名" in MirroredGroup.objects.get(name="活跃").problem
    assert there(mirror) == {"口味": {"爱甜": 0}, "活跃": {"常来": 0}, "来源": {"新": 0}}


def test_a_worker_killed_behind_an_addition_finds_what_it_made(mirror, sweet):
    MirroredTag.objects.all().delete()
    MirroredGroup.objects.update(wecom_id="")

    settle_groups(gateway=wecom())

    assert there(mirror) == {"口味": {"爱甜": 0}}
    assert MirroredTag.objects.get().wecom_id == mirror.company.rows("tag")[0]["id"]


def test_only_what_differs_is_written_and_never_twice(mirror, sweet):
    first, second, *_ = contacts()
    wear(sweet, first.member, second.member)
    store = first.staff.store

    assert settle(store).written == 2
    assert settle(store).written == 0
    take_off(member=first.member, tag=sweet, by=None, at=timezone.now())
    assert settle(store).written == 1

    assert (calls(mirror), there(mirror)) == (3, {"口味": {"爱甜": 1}})
    assert mirror.read_all("contacts")["contacts"].drifts.count() == 0


def test_a_killed_round_goes_on_where_it_stopped_and_takes_its_own_marks_for_nobodys_word(mirror, sweet):
    known = contacts()[:6]
    wear(sweet, *[contact.member for contact in known])
    ticks = iter(range(9))

    def clock():
        if next(ticks, None) is None:
            raise Killed
        return timezone.now()

    with pytest.raises(Killed):
        settle(known[0].staff.store, clock=clock)
    done = calls(mirror)
    assert 0 < done < 6
    bounded = settle(known[0].staff.store, calls=2)
    assert (bounded.written, bounded.go_on_after is not None) == (2, True)
    settle(known[0].staff.store, after=0)

    assert there(mirror) == {"口味": {"爱甜": 6}}
    assert calls(mirror) <= 7  # the one the worker died on may come again
    assert set(MemberTag.objects.values_list("source", flat=True)) == {"form"}
    assert not TagWord.objects.exists()


def test_what_wecom_refuses_is_tried_again_and_says_why(mirror, sweet):
    one, other, *_ = contacts()
    wear(sweet, one.member, other.member)
    mirror.company.control("fail_next", api=MARK, errcode=701008)

    done = settle(one.staff.store)

    marks = ContactMarks.objects.get(contact=one)
    assert (done.written, done.failed, marks.problem, marks.tries) == (1, 1, "成员没有接口许可（701008）", 1)
    assert settle(one.staff.store).failed == 0  # not before its time
    again = retry_failed(gateway=wecom(), limit=10, clock=lambda: timezone.now() + timedelta(minutes=11))
    marks.refresh_from_db()
    assert (again.written, marks.problem, there(mirror)) == (1, "", {"口味": {"爱甜": 2}})


def test_wecom_away_ends_the_round_and_not_each_customer(mirror, sweet):
    known = contacts()
    wear(sweet, *[contact.member for contact in known])
    mirror.company.control("fail_next", api=MARK, errcode=701008, times=99)

    with pytest.raises(WeComUnavailable):
        settle(known[0].staff.store)

    assert calls(mirror) == ContactMarks.objects.exclude(problem="").count() == 5


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_customer_write_once_and_one_outside_the_queue_loses(mirror, sweet):
    contact, *_ = contacts()
    wear(sweet, contact.member)
    number = MirroredTag.objects.get().wecom_id
    external = external_of(contact)

    def work():
        with closing(connection):
            return settle_member(member_id=contact.member_id, gateway=wecom()).written

    hold = mirror.company.http
    hold.post(f"/sandbox/hold/{MARK}/on")
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(work), pool.submit(work)
        while hold.post("/sandbox/hold/none/off").json()["in_flight"] < 1:
            pass
        body = {"userid": "manager0001", "external_userid": external, "add_tag": [number]}
        outside = mirror.company.code(MARK, body)
        hold.post(f"/sandbox/hold/{MARK}/off")
        written = sorted([first.result(), second.result()])

    assert (written, outside, there(mirror)) == ([0, 1], 45035, {"口味": {"爱甜": 1}})


def external_of(contact):
    row = contact.member.identities.get(kind="external_userid")
    return decrypt(row.value_encrypted)


def test_a_tag_put_on_in_the_client_is_the_members_everywhere(mirror, sweet):
    contact, *_ = contacts()
    number = MirroredTag.objects.get().wecom_id

    mirror.do("give_tag", userid="manager0001", contact=external_of(contact), tag_id=number)
    mirror.deliver()

    worn = MemberTag.objects.get()
    assert (worn.member, worn.tag, worn.source, worn.by) == (contact.member, sweet, "wecom", contact.staff)
    assert calls(mirror) == 0


def test_a_tag_taken_off_in_the_client_stays_off_until_the_rule_itself_changes(mirror, sweet):
    contact, *_ = contacts()
    member, store, at = contact.member, contact.staff.store, timezone.now()
    type(member).objects.filter(pk=member.pk).update(home_store=store)
    member.refresh_from_db()
    lately = {"join": "and", "groups": [
        {"join": "and", "not": False, "rules": [{"kind": "visits", "not": False, "days": 30, "number": 1}]}
    ]}  # fmt: skip
    tag = make_tag(group="口味", name="常来", rules=lately, lasts_days=None, by=StaffFactory(), at=at)
    purchase(member=member, product=ProductFactory(), bought_at=at - timedelta(days=5))
    settle_groups(gateway=wecom())
    apply_rules(store=store, at=at)
    assert settle(store).written == 1
    ContactMarks.objects.update(written_at=at - timedelta(hours=1))  # the write has long settled

    number = MirroredTag.objects.get(tag=tag).wecom_id
    mirror.do("give_tag", userid="manager0001", contact=external_of(contact), tag_id=number, take=True)
    mirror.deliver()
    assert not MemberTag.objects.exists()
    apply_rules(store=store, at=at + timedelta(days=1))  # it still holds: the person's word stands
    assert (MemberTag.objects.count(), settle(store).written) == (0, 0)

    apply_rules(store=store, at=at + timedelta(days=40))  # it holds no longer: the word is used up
    purchase(member=member, product=ProductFactory(), bought_at=at + timedelta(days=41))
    apply_rules(store=store, at=at + timedelta(days=42))
    assert MemberTag.objects.get().source == "rule"
    assert settle(store).written == 1


def test_a_tag_deleted_renamed_or_moved_in_the_console(mirror, sweet):
    crisp = make_tag(group="口味", name="爱脆", rules=None, lasts_days=None, by=StaffFactory(), at=timezone.now())
    settle_groups(gateway=wecom())
    mirror.news()
    ids = dict(MirroredTag.objects.values_list("tag__name", "wecom_id"))

    mirror.do("rename_tag", tag_id=ids["爱甜"], name="甜党")
    mirror.do("delete_tag", tag_id=ids["爱脆"])
    mirror.do("shuffle_tags", group_id=MirroredGroup.objects.get().wecom_id)
    mirror.deliver()

    assert there(mirror) == {"口味": {"爱甜": 0}}  # ours again; what a person deleted is not made anew
    stopped = MirroredTag.objects.get(tag=crisp)
    assert (stopped.wecom_id, "被删除" in stopped.problem) == ("", True)
    assert settle_groups(gateway=wecom()) == 1
    switch_mirror(group="口味", is_on=True, by=StaffFactory())
    settle_groups(gateway=wecom())
    assert there(mirror) == {"口味": {"爱甜": 0, "爱脆": 0}}
