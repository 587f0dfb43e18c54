"""Segments: what the rules select, what they refuse, why somebody is in, and who sees whom."""

from datetime import timedelta

import pytest
import time_machine

from stores.models import AuditEntry
from tagging.models import MemberTag, MemberValue, Segment, SegmentSnapshot, Tag
from tagging.segmenting.kinds import Scope
from tagging.segmenting.rules import RuleRefused, checked, explained, sentence
from tagging.selectors.segments import members_in
from tagging.services.segments import save_segment, take_snapshot
from tagging.services.tags import apply_rules, make_tag, put_on
from tagging.services.touching import record_fact
from tests.factories import (
    ContactFactory,
    CustomerGroupFactory,
    GuideFactory,
    ManagerFactory,
    MemberFactory,
    ProductFactory,
    StaffFactory,
    StoreFactory,
    purchase,
)
from tests.tagging.ruling import all_of, rule
from tests.tagging.talking import FRIDAY

pytestmark = pytest.mark.django_db


def select(user, rules):
    return set(members_in(user, checked(rules), at=FRIDAY).values_list("pk", flat=True))


@pytest.fixture
def store():
    return StoreFactory(name="滨江店")


@pytest.fixture
def durian():
    return ProductFactory(name="猫山王榴莲", category="榴莲")


def buyer(store, product, *days_ago, fen=5_000, **fields):
    member = MemberFactory(home_store=store, **fields)
    for days in days_ago:
        purchase(member=member, product=product, bought_at=FRIDAY - timedelta(days=days), paid_fen=fen)
    return member


def test_purchases_are_asked_by_window_category_times_and_money(store, durian):
    often, once, long_ago = buyer(store, durian, 5, 20), buyer(store, durian, 5), buyer(store, durian, 200)
    other = buyer(store, ProductFactory(name="苹果", category="仁果"), 5)
    hq = StaffFactory()

    def bought(**values):
        return select(hq, all_of(rule("category", choice="榴莲", **values)))

    assert bought(days=30, number=1) == {often.pk, once.pk}
    assert bought(days=30, number=2) == {often.pk}
    assert bought(days=365, number=1) == {often.pk, once.pk, long_ago.pk}
    assert select(hq, all_of(rule("product", text="猫山", days=30, number=2))) == {often.pk}
    assert select(hq, all_of(rule("spent", days=30, compare="ge", number=100))) == {often.pk}
    assert select(hq, all_of(rule("spent", days=30, compare="le", number=0))) == {long_ago.pk}
    assert select(hq, all_of(rule("visits", days=30, number=1, no=True))) == {long_ago.pk}
    assert other.pk not in bought(days=365, number=1)


def test_and_or_and_not_are_what_they_say(store, durian):
    a = buyer(store, durian, 5, gender="f")
    b = buyer(store, durian, 5, gender="m")
    c = buyer(store, durian, 200, gender="f")
    d = buyer(store, durian, 200, gender="m")
    hq, woman, lately = StaffFactory(), rule("gender", choice="f"), rule("visits", days=30, number=1)

    assert select(hq, all_of(woman, lately)) == {a.pk}
    assert select(hq, all_of(woman, lately, join="or")) == {a.pk, b.pk, c.pk}
    assert select(hq, all_of(woman, lately, no=True)) == {b.pk, c.pk, d.pk}
    assert select(hq, all_of(woman, lately, join="or", no=True)) == {d.pk}
    two = {
        "join": "or",
        "groups": [all_of(woman, lately)["groups"][0], all_of(woman, lately, join="or", no=True)["groups"][0]],
    }
    assert select(hq, two) == {a.pk, d.pk}


def test_value_facts_tags_groups_and_contacts_can_be_asked(store, durian):
    member, other = buyer(store, durian, 5), buyer(store, durian, 5)
    hq = StaffFactory()
    MemberValue.objects.create(
        member=member, store=store, first_on=FRIDAY, last_on=FRIDAY, days=1, year_days=1, total_fen=1, year_fen=1,
        repeat_fen=0, alive=40, stage="sleeping", counted_at=FRIDAY,
    )  # fmt: skip
    record_fact(member=member, key="concern", value="很怕上火", source="员工", by=None, at=FRIDAY)
    tag = make_tag(group="口味", name="爱甜", rules=None, lasts_days=None, by=hq, at=FRIDAY)
    put_on(member=member, tag=tag, source="staff", by=hq, at=FRIDAY)
    ContactFactory(member=member, staff=GuideFactory(store=store))
    CustomerGroupFactory(store=store).memberships.create(who=b"1", member=member, joined_at=FRIDAY)

    for one in (
        rule("stage", choice="sleeping"), rule("alive", compare="le", number=50), rule("contact"), rule("group"),
        rule("fact", choice="concern", text="上火"), rule("tag", choice=str(tag.pk)),
    ):  # fmt: skip
        assert select(hq, all_of(one)) == {member.pk}, one
        assert select(hq, all_of({**one, "not": True})) == {other.pk}, one


def test_a_value_never_becomes_sql(store, durian):
    buyer(store, durian, 5)
    evil = "'; DROP TABLE members_member; --"
    assert select(StaffFactory(), all_of(rule("product", text=evil, days=30, number=1))) == set()
    with pytest.raises(RuleRefused):
        checked(all_of(rule("gender", choice=evil)))
    with pytest.raises(RuleRefused):
        checked(all_of(rule("members_member")))


def test_a_segment_that_is_everybody_is_saved_only_when_that_is_said(store, durian):
    buyer(store, durian, 5)
    hq = StaffFactory()
    with pytest.raises(RuleRefused, match=r"^这样会选中所有会员"):
        save_segment(segment=None, name="全部", rules=all_of(rule("visits", days=30, number=1)), by=hq, at=FRIDAY)
    save_segment(
        segment=None, name="全部", rules=all_of(rule("visits", days=30, number=1)), by=hq, at=FRIDAY,
        everybody_is_meant=True,
    )  # fmt: skip
    buyer(store, durian, 200)
    save_segment(segment=None, name="近来", rules=all_of(rule("visits", days=30, number=1)), by=hq, at=FRIDAY)
    with pytest.raises(RuleRefused, match=r"^这个名字已经用过了"):
        save_segment(segment=None, name="近来", rules=all_of(rule("visits", days=30, number=1)), by=hq, at=FRIDAY)


def test_why_she_is_in_is_told_rule_by_rule(store, durian, django_assert_num_queries):
    member = buyer(store, durian, 5, gender="f")
    rules = checked(all_of(rule("gender", choice="f"), rule("visits", days=30, number=2, no=True)))
    scope = Scope(StaffFactory(), FRIDAY)
    with django_assert_num_queries(1):
        assert explained(rules, member, scope) == (
            True, [("以下都要满足", [("性别“女”", True), ("不是：30 天内来过 2 次以上", True)])],
        )  # fmt: skip
    assert sentence(rules) == "性别“女”，并且不是：30 天内来过 2 次以上"


def test_a_store_sees_its_own_members_and_purchases_only(store, durian):
    mine, elsewhere = buyer(store, durian, 5), buyer(StoreFactory(), durian, 5)
    manager, rules = ManagerFactory(store=store), all_of(rule("visits", days=30, number=1))
    away = MemberFactory(home_store=store)
    purchase(member=away, store=elsewhere.home_store, product=durian, bought_at=FRIDAY - timedelta(days=2))

    assert select(manager, rules) == {mine.pk}
    assert select(StaffFactory(), rules) == {mine.pk, elsewhere.pk, away.pk}


def test_a_snapshot_keeps_who_was_in_it(store, durian):
    first = buyer(store, durian, 5)
    buyer(store, durian, 200)
    hq = StaffFactory()
    segment = save_segment(segment=None, name="近来", rules=all_of(rule("visits", days=30, number=1)), by=hq, at=FRIDAY)

    snapshot = take_snapshot(segment=segment, by=hq, at=FRIDAY)
    buyer(store, durian, 3)

    assert list(snapshot.members.values_list("member", "store_id")) == [(first.pk, store.pk)]
    assert (snapshot.size, AuditEntry.objects.get().action) == (1, "segment.snapshot")


def test_tags_follow_their_rules_and_end_when_their_time_is_over(store, durian):
    member = buyer(store, durian, 5)
    buyer(store, durian, 300)
    hq, lately = StaffFactory(), all_of(rule("visits", days=30, number=1))
    follows = make_tag(group="活跃", name="近来", rules=lately, lasts_days=None, by=hq, at=FRIDAY)
    lasts = make_tag(group="活跃", name="来过", rules=lately, lasts_days=40, by=hq, at=FRIDAY)

    def worn(days):
        apply_rules(store=store, at=FRIDAY + timedelta(days=days))
        return set(MemberTag.objects.values_list("member", "tag"))

    both = {(member.pk, follows.pk), (member.pk, lasts.pk)}
    assert worn(0) == both
    assert worn(20) == both
    assert worn(30) == {(member.pk, lasts.pk)}
    assert worn(61) == set()


def test_what_a_person_gave_the_rule_does_not_take(store, durian):
    member = buyer(store, durian, 300)
    tag = make_tag(
        group="活跃",
        name="近来",
        rules=all_of(rule("visits", days=30, number=1)),
        lasts_days=None,
        by=StaffFactory(),
        at=FRIDAY,
    )
    put_on(member=member, tag=tag, source="staff", by=None, at=FRIDAY)

    apply_rules(store=store, at=FRIDAY)

    assert MemberTag.objects.get().source == "staff"


# ---- pages ----


@pytest.fixture
def now():
    with time_machine.travel(FRIDAY, tick=False):
        yield


def form(**more):
    return {
        "name": "近来的", "join": "and", "g0-join": "and", "g0-0-kind": "visits", "g0-0-days": "30",
        "g0-0-number": "1", **more,
    }  # fmt: skip


def test_who_means_everybody_confirms_it(client, store, durian, now):
    buyer(store, durian, 5)
    client.force_login(StaffFactory())

    asked = client.post("/segments/new/", form())
    assert (asked.status_code, "确认就是要选所有人" in asked.content.decode()) == (422, True)
    assert 'name="everybody"' in asked.content.decode()
    assert client.post("/segments/new/", form(everybody="on")).status_code == 302


def test_a_segment_is_built_counted_opened_explained_exported_and_put_away(client, store, durian, now):
    member = buyer(store, durian, 5, name="王芳")
    buyer(store, durian, 200, name="李娜")
    hq = StaffFactory()
    client.force_login(hq)

    assert '<b class="num">1</b> 位会员' in client.post("/segments/reach/", form()).content.decode()
    added = client.post("/segments/new/", form(action="rule-0"), headers={"HX-Request": "true"}).content.decode()
    assert 'name="g0-1-kind"' in added
    assert client.post("/segments/new/", form(**{"g0-0-days": "x"})).status_code == 422
    assert client.post("/segments/new/", form()).status_code == 302
    segment = Segment.objects.get()
    page = client.get(f"/segments/{segment.pk}/").content.decode()
    assert ("王芳" in page, "李娜" in page) == (True, False)
    assert "满足" in client.get(f"/segments/{segment.pk}/why/{member.pk}/").content.decode()
    rows = b"".join(client.get(f"/segments/{segment.pk}/export.csv").streaming_content).decode()
    assert rows.count("\r\n") == 2
    assert AuditEntry.objects.get().detail["rows"] == 1
    client.post(f"/segments/{segment.pk}/tag/", {"group": "活跃", "name": "近来", "days": ""})
    assert Tag.objects.get().rules == segment.rules
    client.post(f"/segments/{segment.pk}/snapshots/")
    assert SegmentSnapshot.objects.get().size == 1
    client.post(f"/segments/{segment.pk}/archive/")
    assert client.get(f"/segments/{segment.pk}/").status_code == 404


def test_another_stores_segment_is_not_there_and_the_chains_is_not_a_stores_to_change(client, store, durian, now):
    buyer(store, durian, 5)
    buyer(store, durian, 200)
    rules = all_of(rule("visits", days=30, number=1))
    theirs = save_segment(segment=None, name="店", rules=rules, by=ManagerFactory(store=store), at=FRIDAY)
    chains = save_segment(segment=None, name="总", rules=rules, by=StaffFactory(), at=FRIDAY)
    client.force_login(ManagerFactory())

    for path in ("", "edit/", "export.csv"):
        assert client.get(f"/segments/{theirs.pk}/{path}").status_code == 404
    assert client.get(f"/segments/{chains.pk}/").status_code == 200
    assert "0</span> 位会员" in client.get(f"/segments/{chains.pk}/").content.decode()
    assert client.get(f"/segments/{chains.pk}/edit/").status_code == 404
    assert client.post(f"/segments/{chains.pk}/archive/").status_code == 404
    client.force_login(GuideFactory(store=store))
    assert client.get("/segments/new/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_whatever_its_length(client, store, durian, count, django_assert_num_queries):
    buyer(store, durian, 5)
    buyer(store, durian, 200)
    hq = StaffFactory()
    for n in range(count):
        save_segment(segment=None, name=f"人群{n}", rules=all_of(rule("visits", days=30, number=1)), by=hq, at=FRIDAY)
    client.force_login(hq)
    with django_assert_num_queries(3):
        assert client.get("/segments/").status_code == 200


def test_a_tag_is_put_on_and_off_by_hand(client, store, now):
    member = MemberFactory(home_store=store)
    tag = make_tag(group="口味", name="爱甜", rules=None, lasts_days=30, by=None, at=FRIDAY)
    client.force_login(GuideFactory(store=store))
    path, htmx = f"/segments/members/{member.pk}/tags/", {"HX-Request": "true"}

    assert "爱甜 ×" in client.post(path, {"tag": tag.pk}, headers=htmx).content.decode()
    assert "爱甜 ×" not in client.post(path, {"tag": tag.pk, "off": "1"}, headers=htmx).content.decode()
    client.force_login(GuideFactory())
    assert client.post(path, {"tag": tag.pk}).status_code == 404
