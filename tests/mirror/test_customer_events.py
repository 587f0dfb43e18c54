"""Customers become members by what is known of them, and doubt becomes a question."""

import pytest
from django.utils import timezone

from members.models import Contact, MatchReview, Member
from members.services.match_reviews import AlreadyDecided, decide_review
from tests.factories import MemberFactory, StaffFactory, identity
from tests.mirror.mirroring import member_of, staff
from tests.wecom.sandbox.company import CORP


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
