from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import CustomerGroup, GroupMembership
from communities.services import groups
from members.models import Contact, Identity, MatchReview, Member
from members.services.match_reviews import AlreadyDecided, decide_review
from members.services.wecom_contacts import external_hash
from stores.models import Staff
from tests.factories import GuideFactory, MemberFactory, StaffFactory, identity
from tests.mirror.mirroring import staff
from tests.wecom.envelopes import event_xml
from tests.wecom.sandbox.company import CORP


def member_of(external: str) -> Member:
    return Identity.objects.get(value_hash=external_hash(external_userid=external, corp_id=CORP)).member


def calls(mirror, api: str) -> int:
    return sum(entry["name"] == api for entry in mirror.company.see("ledger", kind="api", name=api)["entries"])


def test_new_colleague_in_a_department_of_a_store_becomes_its_guide(mirror):
    mirror.read_all("staff")
    mirror.do("hire", userid="XiaoLi", name="小李", department=2)

    mirror.deliver()

    person = staff("xiaoli")
    assert (person.name, person.role, person.store) == ("小李", Staff.Role.GUIDE, mirror.stores[0])


def test_colleague_who_left_is_logged_out_by_the_event(mirror, client):
    mirror.read_all("staff")
    client.force_login(staff("manager0001"))
    assert client.get(reverse("stores:account")).status_code == 200
    mirror.do("resign", userid="manager0001")

    mirror.deliver()

    assert client.get(reverse("stores:account")).status_code == 302
    assert staff("manager0001").is_active is False


def test_event_of_leaving_that_comes_late_does_not_end_a_new_employment(mirror):
    mirror.read_all("staff")
    mirror.do("resign", userid="manager0001")
    late = mirror.news()
    mirror.company.control("staff", userid="manager0001", status=1)

    mirror.deliver(late)

    assert staff("manager0001").is_active


def test_colleague_whom_wecom_ended_comes_back_with_wecom_and_one_whom_hq_ended_does_not(mirror):
    mirror.read_all("staff")
    mirror.do("resign", userid="manager0001")
    mirror.deliver()
    Staff.objects.filter(wecom_userid="manager0002").update(is_active=False)
    mirror.company.control("staff", userid="manager0001", status=1)

    mirror.read_all("staff")

    assert (staff("manager0001").is_active, staff("manager0002").is_active) == (True, False)


def test_disabled_colleague_loses_access(mirror):
    mirror.read_all("staff")
    mirror.company.control("staff", userid="manager0001", status=2)

    mirror.deliver([event_xml("change_contact", "update_user", UserID="Manager0001", Status="2")])

    assert staff("manager0001").is_active is False


def test_colleague_who_moves_goes_to_the_other_store_unless_he_is_its_manager(mirror):
    mirror.read_all("staff")
    Staff.objects.filter(wecom_userid="manager0002").update(role=Staff.Role.MANAGER)
    mirror.do("move", userid="manager0001", department=3)
    mirror.do("move", userid="manager0002", department=2)

    mirror.deliver()

    assert {staff("manager0001").store, staff("manager0002").store} == {mirror.stores[1]}


def test_changed_userid_keeps_the_person(mirror):
    mirror.read_all("staff")
    before = staff("manager0001").pk
    mirror.do("hire", userid="wang.fang", name="王芳", department=2)
    mirror.news()

    mirror.deliver([event_xml("change_contact", "update_user", UserID="manager0001", NewUserID="wang.fang")])

    assert staff("wang.fang").pk == before


def test_account_of_hq_is_never_taken_by_a_userid_of_the_same_name(mirror):
    admin = StaffFactory(username="admin")
    mirror.read_all("staff")
    mirror.do("hire", userid="admin", name="某人", department=2)

    mirror.deliver()

    admin.refresh_from_db()
    assert (admin.wecom_userid, staff("admin").username, staff("admin").role) == ("", "admin@wecom", "guide")


def test_account_a_store_made_before_is_the_colleague_of_that_store(mirror):
    mine = GuideFactory(username="Manager0001", store=mirror.stores[0])

    mirror.read_all("staff")

    assert staff("manager0001") == mine


def test_new_department_with_the_name_of_a_store_stands_for_it(mirror):
    mirror.stores[0].name = "城西店"
    mirror.stores[0].save()
    mirror.read_all("staff")
    number = mirror.do("create_department", name="城西店")

    mirror.deliver()

    assert list(mirror.stores[0].departments.values_list("pk", flat=True)) == [number]


def test_new_customer_is_the_member_the_till_knows_by_her_unionid(mirror):
    mirror.read_all("staff")
    known = MemberFactory()
    identity(known, "unionid", "o-known")
    contact = mirror.do("create_contact", unionid="o-known")
    mirror.do("befriend", userid="manager0001", contact=contact, add_way=1, state="dqabc")

    mirror.deliver()

    assert member_of(contact) == known
    pair = Contact.objects.get()
    assert (pair.member, pair.staff, pair.state, pair.ended_at) == (known, staff("manager0001"), "dqabc", None)


def test_customer_who_deletes_the_colleague_ends_the_contact_and_comes_back_to_the_same(mirror):
    mirror.read_all("staff", "contacts")
    [lost, *_] = mirror.company.customers("manager0001")
    mirror.do("part", userid="manager0001", contact=lost, by="customer")
    mirror.deliver()
    assert Contact.objects.get(member=member_of(lost)).ended_at is not None

    mirror.do("befriend", userid="manager0001", contact=lost, add_way=1)
    mirror.deliver()

    assert Contact.objects.get(member=member_of(lost)).ended_at is None


def test_two_members_behind_one_customer_are_reviewed_and_never_merged_by_themselves(mirror):
    mirror.read_all("staff")
    by_external, by_unionid = MemberFactory(), MemberFactory()
    contact = mirror.do("create_contact", unionid="o-other")
    identity(by_external, "external_userid", contact, issuer=CORP)
    identity(by_unionid, "unionid", "o-other")
    mirror.do("befriend", userid="manager0001", contact=contact, add_way=1)
    events = mirror.news()

    mirror.deliver(events)
    mirror.read_all("contacts")

    review = MatchReview.objects.get()
    assert (review.member, review.other, review.reason, review.state) == (by_external, by_unionid, "unionid", "open")
    assert not Member.objects.exclude(merged_into=None).exists()


def test_phone_a_colleague_noted_is_a_question_and_no_answer(mirror):
    mirror.read_all("staff")
    known = MemberFactory()
    identity(known, "phone", "13800138000")
    contact = mirror.do("create_contact")
    mirror.do("befriend", userid="manager0001", contact=contact, add_way=1)
    mirror.do("remark", userid="manager0001", contact=contact, text="常客", mobiles=["138 0013 8000"])

    mirror.deliver()

    review = MatchReview.objects.get()
    assert (review.member, review.other, review.reason) == (member_of(contact), known, "phone")
    assert Contact.objects.get().remark == "常客"


def test_review_decided_as_the_same_person_merges_into_the_one_known_before(db):
    review = MatchReview.objects.create(
        member=MemberFactory(), other=MemberFactory(), reason="unionid", opened_at=timezone.now()
    )
    hq = StaffFactory()

    decide_review(review=review, is_same=True, by=hq, at=timezone.now())

    assert Member.objects.get(pk=review.member_id).merged_into_id == review.other_id
    with pytest.raises(AlreadyDecided):
        decide_review(review=review, is_same=False, by=hq, at=timezone.now())


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
