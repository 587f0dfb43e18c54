"""Groups and their ledger follow the events, in any order, repeated or lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from communities.models import CustomerGroup, GroupMembership
from communities.services import groups
from members.models import MatchReview
from members.services.match_reviews import decide_review
from tests.factories import MemberFactory, StaffFactory
from tests.mirror.mirroring import member_of
from tests.wecom.envelopes import event_xml
from tests.wecom.sandbox.company import CORP


def calls(mirror, api: str) -> int:
    return sum(entry["name"] == api for entry in mirror.company.see("ledger", kind="api", name=api)["entries"])


def test_joining_is_written_down_with_scene_inviter_and_code(mirror):
    mirror.read_all()
    [chat, _] = mirror.company.groups("manager0001")
    by_code, invited = mirror.do("create_contact"), mirror.do("create_contact")
    mirror.do("befriend", userid="manager0001", contact=invited, add_way=1)
    mirror.do("join", chat_id=chat, person=by_code, scene=3, state="dqcode")
    mirror.do("join", chat_id=chat, person=invited, scene=1, invitor="manager0001")

    mirror.deliver()

    rows = GroupMembership.objects.filter(group__chat_id=chat).order_by("-joined_at")[:2]
    assert [(row.join_scene, row.inviter, row.state) for row in rows] == [(1, "manager0001", ""), (3, "", "dqcode")]
    assert rows[0].member == member_of(invited)
    assert mirror.ours() == mirror.truth()


def test_departure_that_follows_on_what_we_have_is_applied_without_a_call(mirror):
    mirror.read_all()
    [chat, _] = mirror.company.groups("manager0001")
    person = next(one["userid"] for one in mirror.company.group(chat)["member_list"] if one["type"] == 2)
    mirror.do("leave", chat_id=chat, person=person, removed=True)
    before = calls(mirror, "externalcontact/groupchat/get")

    mirror.deliver()

    assert calls(mirror, "externalcontact/groupchat/get") == before
    gone = GroupMembership.objects.get(group__chat_id=chat, left_at__isnull=False)
    assert (gone.member, gone.quit_scene) == (member_of(person), GroupMembership.QuitScene.REMOVED)
    assert mirror.ours() == mirror.truth()


def test_departure_noticed_by_a_reading_is_explained_when_its_event_comes(mirror):
    mirror.read_all()
    [chat, _] = mirror.company.groups("manager0001")
    person = next(one["userid"] for one in mirror.company.group(chat)["member_list"] if one["type"] == 2)
    mirror.do("leave", chat_id=chat, person=person)
    late = mirror.news()
    mirror.read_all("groups")
    assert GroupMembership.objects.get(left_at__isnull=False).quit_scene is None

    mirror.deliver(late)

    gone = GroupMembership.objects.get(left_at__isnull=False)
    assert gone.quit_scene == GroupMembership.QuitScene.LEFT
    assert gone.left_at.timestamp() == mirror.company.see("events")["events"][-1]["at"]


def test_member_who_left_and_came_back_has_two_stays(mirror):
    mirror.read_all()
    [chat, _] = mirror.company.groups("manager0001")
    person = next(one["userid"] for one in mirror.company.group(chat)["member_list"] if one["type"] == 2)
    mirror.do("leave", chat_id=chat, person=person)
    mirror.do("join", chat_id=chat, person=person, scene=3)

    mirror.deliver(mirror.news()[::-1])

    stays = GroupMembership.objects.filter(group__chat_id=chat, member=member_of(person)).order_by("joined_at")
    assert [(stay.left_at is None, stay.quit_scene) for stay in stays] == [(False, 0), (True, None)]
    assert mirror.ours() == mirror.truth()


def test_group_event_without_the_fields_added_in_2023_is_read_whole(mirror):
    mirror.read_all()
    [chat, _] = mirror.company.groups("manager0001")
    person = next(one["userid"] for one in mirror.company.group(chat)["member_list"] if one["type"] == 2)
    mirror.do("leave", chat_id=chat, person=person)
    mirror.news()

    mirror.deliver([event_xml("change_external_chat", "update", ChatId=chat, UpdateDetail="del_member", QuitScene="0")])

    assert mirror.ours() == mirror.truth()


def test_dismissed_group_ends_every_stay_whatever_comes_after(mirror):
    mirror.read_all()
    [chat, _] = mirror.company.groups("manager0001")
    mirror.do("rename_group", chat_id=chat, name="最后的名字")
    mirror.do("dismiss", chat_id=chat)

    mirror.deliver(mirror.news()[::-1])

    group = CustomerGroup.objects.get(chat_id=chat)
    assert (group.dismissed_at is not None, group.member_count) == (True, 0)
    assert not group.memberships.filter(left_at=None).exists()


def test_changed_owner_moves_the_group_to_the_owners_store(mirror):
    mirror.read_all()
    [chat, _] = mirror.company.groups("manager0001")
    mirror.do("join", chat_id=chat, person="manager0002", scene=1, invitor="manager0001")
    mirror.do("change_owner", chat_id=chat, userid="manager0002")

    mirror.deliver()

    group = CustomerGroup.objects.get(chat_id=chat)
    assert (group.owner_userid, group.store) == ("manager0002", mirror.stores[1])


def test_reading_older_than_the_row_changes_nothing(mirror):
    mirror.read_all()
    [chat, _] = mirror.company.groups("manager0001")
    old = mirror.company.group(chat)
    read_at = CustomerGroup.objects.get(chat_id=chat).read_at - timedelta(seconds=1)

    difference = groups.apply_group(
        group={**old, "name": "旧名", "member_list": []}, corp_id=CORP, read_at=read_at, at=timezone.now()
    )

    assert difference.is_stale
    assert mirror.ours() == mirror.truth()


def test_merged_members_keep_their_stays_in_groups(mirror):
    mirror.read_all()
    external = mirror.company.customers("manager0001")[0]
    stays = GroupMembership.objects.filter(member=member_of(external)).count()
    kept = MemberFactory()
    review = MatchReview.objects.create(
        member=member_of(external), other=kept, reason="phone", opened_at=timezone.now()
    )

    decide_review(review=review, is_same=True, by=StaffFactory(), at=timezone.now())

    assert stays > 0
    assert GroupMembership.objects.filter(member=kept).count() == stays
    assert mirror.read_all("contacts")["contacts"].drifts.count() == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_repetition_and_loss_of_events_ends_in_the_truth(mirror, seed):
    mirror.read_all()
    dice_groups = mirror.company.groups("manager0001") + mirror.company.groups("manager0002")
    for number in range(12):
        chat = dice_groups[number % 4]
        person = mirror.do("create_contact")
        userid = f"manager000{number % 2 + 1}"
        mirror.do("befriend", userid=userid, contact=person, add_way=1, state=f"dq{number}")
        mirror.do("join", chat_id=chat, person=person, scene=3, state=f"dq{number}")
        if number % 3 == 0:
            mirror.do("leave", chat_id=chat, person=person)
        if number % 4 == 0:
            mirror.do("part", userid=userid, contact=person, by="customer")
        if number % 5 == 0:
            mirror.do("rename_group", chat_id=chat, name=f"第{number}次")
    events = mirror.news()
    mirror.deliver(mirror.shuffled(events, seed=seed, loss=0.1, double=0.2))

    runs = mirror.read_all()

    assert mirror.ours() == mirror.truth()
    again = mirror.read_all()
    assert [run.drifts.count() for run in again.values()] == [0, 0, 0, 0]
    assert runs["groups"].is_first is False
