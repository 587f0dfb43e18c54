"""What beats expectation becomes a case, is shared and copied, and the copy is tracked."""

from datetime import date, timedelta
from functools import partial

import pytest

from campaigns.models import Campaign
from communities.models import PlanCell, PostContent, PostResult, PostTask, StorePost
from metrics.models import Case, CaseCopy
from metrics.services.cases.finding import find_cases
from metrics.services.cases.sharing import CaseRefused, Words, copy_case, dismiss_case, edit_case, share_case
from tests.factories import (
    CampaignFactory,
    CustomerGroupFactory,
    GuideFactory,
    ManagerFactory,
    MaterialFactory,
    RegionFactory,
    StaffFactory,
    StoreFactory,
)
from tests.metrics.watch.worlds import MONDAY, at
from tests.racing import race

pytestmark = pytest.mark.django_db
NOW = at(MONDAY, 7, 40)


def sent(group, material, *, day: date, buyers: int, people: int = 200, evidence: int = 3) -> PostResult:
    """One post that is over, with what it brought."""
    version, store = material.current, group.store
    content = PostContent.objects.create(store=store, version=version, day=day, slot_id=2, text="x")
    task = PostTask.objects.create(
        group=group, store=store, day=day, slot_id=2, version=version, due_at=at(day, 12), release_at=at(day, 11, 50),
        closes_at=at(day, 13), state="sent", channel="assisted", content=content, evidence=evidence,
        released_at=at(day, 11, 50), done_at=at(day, 12),
    )  # fmt: skip
    return PostResult.objects.create(
        task=task, store=store, day=day, slot_id=2, material=material, content=content, evidence=evidence,
        people=people, clicks=0, entries=0, buyers=buyers, sales_fen=buyers * 2_000, quits=0,
    )  # fmt: skip


@pytest.fixture
def groups():
    return [CustomerGroupFactory(store=StoreFactory(name=f"{name}店")) for name in "甲乙丙丁戊己"]


@pytest.fixture
def weeks(groups):
    """Six stores sent six ordinary materials for ten days; 甲 also sends its own, which sells three times as well."""
    ordinary = MaterialFactory.create_batch(6)
    star = MaterialFactory(name="弹吉他的店长", store=groups[0].store)
    for n in range(1, 11):
        day = MONDAY - timedelta(days=n)
        for place, group in enumerate(groups):
            if place == 0 and n % 2:
                sent(group, star, day=day, buyers=12)
            else:
                sent(group, ordinary[(n + place) % 6], day=day, buyers=4 + (n + place) % 2)
    return star


def test_what_its_own_store_beats_by_far_is_drafted_once_and_counted_each_night(weeks):
    first, again = find_cases(at=NOW), find_cases(at=NOW)

    case = Case.objects.get()
    assert (first, again) == (1, 0)
    assert (case.kind, case.state, case.material, case.store) == ("post", "draft", weeks, weeks.store)
    assert (case.title, case.observed, case.units, case.exposure) == ("弹吉他的店长", 60, 5, 1_000)
    # Five posts to 200 people, of whom 4.5 buy elsewhere; the people of 甲 otherwise buy 0.8 times as much.
    assert case.expected == pytest.approx(5 * 4.5 * 0.81, rel=0.01)
    assert 1.15 < case.lift_low < case.lift < case.lift_high


def test_declared_posts_and_a_single_lucky_one_are_no_evidence(groups):
    ordinary, lucky, declared = MaterialFactory.create_batch(6), MaterialFactory(), MaterialFactory()
    for n in range(1, 11):
        day = MONDAY - timedelta(days=n)
        for place, group in enumerate(groups):
            special = place == 0 and n == 1
            boast = place == 1
            material = lucky if special else declared if boast else ordinary[(n + place) % 6]
            sent(group, material, day=day, buyers=20 if special or boast else 4, evidence=1 if boast else 3)

    assert find_cases(at=NOW) == 0


def shared(case, **given) -> Case:
    hq = StaffFactory()
    edit_case(case=case, words=Words(title=case.title, did="发弹唱视频", why="真人"), by=hq, at=NOW)
    return share_case(case=case, scope=given.pop("scope", "all"), by=hq, at=NOW, **given)


@pytest.fixture
def case(weeks):
    find_cases(at=NOW)
    return Case.objects.get()


def test_a_case_without_its_words_is_not_shared(case):
    with pytest.raises(CaseRefused, match="怎么做的"):
        share_case(case=case, scope="all", by=StaffFactory(), at=NOW)
    with pytest.raises(CaseRefused, match="至少一家"):
        shared(case, scope="list")


def test_one_tap_copies_the_material_into_the_next_free_slot_and_a_second_tap_nothing(case, groups):
    store = groups[1].store
    PlanCell.objects.all().delete()
    manager = ManagerFactory(store=store)

    first = copy_case(case=shared(case), store=store, by=manager, at=NOW)
    again = copy_case(case=case, store=store, by=manager, at=NOW)

    assert first.pk == again.pk
    assert (first.material.store, first.material.name) == (store, "弹吉他的店长")
    post = StorePost.objects.get(store=store)
    assert (post.material, post.day, post.slot_id) == (first.material, MONDAY, 1)
    assert first.planned == "3月2日 10:00 早市"


def test_what_a_copy_brought_stands_on_the_case_beside_what_was_to_be_expected(case, groups):
    shared(case)
    copy = copy_case(case=case, store=groups[1].store, by=ManagerFactory(store=groups[1].store), at=NOW)
    for n in range(3):
        sent(groups[1], copy.material, day=MONDAY + timedelta(days=n), buyers=10)

    find_cases(at=at(MONDAY + timedelta(days=4), 7, 40))

    copy.refresh_from_db()
    case.refresh_from_db()
    assert (copy.observed, copy.units, copy.exposure) == (30, 3, 600)
    assert copy.expected == pytest.approx(13.5, rel=0.1)
    assert 1 < case.copies_low < case.copies_lift < case.copies_high
    assert Case.objects.count() == 1  # a copy is no case of its own


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_make_one_copy(case, groups):
    store = groups[1].store
    shared(case)

    race(*[partial(copy_case, case=case, store=store, by=ManagerFactory(store=store), at=NOW)] * 3)

    assert (CaseCopy.objects.count(), StorePost.objects.count()) == (1, 1)


def test_a_campaign_s_copy_is_a_draft_of_the_store_s_own(groups):
    source = CampaignFactory(title="山竹接龙", item__quota=30)
    case = Case.objects.create(
        kind="campaign", campaign=source, store=source.store, title="山竹接龙", observed=30, expected=10, exposure=300,
        units=1, lift=2, lift_low=1.5, lift_high=2.5, found_at=NOW, counted_at=NOW,
    )  # fmt: skip

    copy = copy_case(case=shared(case), store=groups[0].store, by=ManagerFactory(store=groups[0].store), at=NOW)

    made = copy.campaign
    assert (made.state, made.store, made.title) == (Campaign.State.DRAFT, groups[0].store, "山竹接龙")
    assert made.ends_at - made.starts_at == source.ends_at - source.starts_at
    assert [(item.name, item.price_fen, item.stocks.get().quota) for item in made.items.all()] == [("山竹", 1_990, 30)]


def test_a_store_sees_what_is_shared_with_it_and_copies_for_itself(client, case, groups):
    east = RegionFactory()
    inside = StoreFactory(region=RegionFactory(parent=east))
    shared(case, scope="region", region=east)
    url = f"/metrics/cases/{case.pk}/"
    seen = {}
    for name, person in {"inside": ManagerFactory(store=inside), "outside": ManagerFactory(store=groups[2].store),
                         "guide": GuideFactory(store=inside)}.items():  # fmt: skip
        client.force_login(person)
        seen[name] = client.get(url).status_code, client.post(f"{url}copy/").status_code

    assert seen == {"inside": (200, 302), "outside": (404, 404), "guide": (404, 404)}
    assert [copy.store for copy in CaseCopy.objects.all()] == [inside]


def test_drafts_are_hq_s_and_so_are_sharing_and_dismissing(client, case):
    client.force_login(ManagerFactory())
    url = f"/metrics/cases/{case.pk}/"
    refused = [
        client.get(url).status_code,
        *(client.post(f"{url}{deed}/").status_code for deed in ("share", "dismiss")),
    ]
    client.force_login(StaffFactory())
    kept = client.post(url, {"title": "店长弹吉他", "did": "晚上弹唱", "why": "真人真事"})
    unknown = client.post(f"{url}share/", {"scope": "list", "stores": "S404"}, follow=True).content.decode()
    client.post(f"{url}share/", {"scope": "all"})

    case.refresh_from_db()
    assert refused == [404, 404, 404]
    assert (kept.status_code, case.title, case.state) == (302, "店长弹吉他", "shared")
    assert "没有这些门店：S404" in unknown
    assert client.post(url, {"title": "  ", "did": "", "why": ""}).status_code == 422


def test_a_dismissed_case_stays_dismissed(case):
    dismiss_case(case=case, by=StaffFactory(), at=NOW)

    assert find_cases(at=NOW) == 0
    assert Case.objects.get().state == "dismissed"


def test_the_list_asks_as_much_for_three_cases_as_for_one(client, case, django_assert_num_queries):
    case = shared(case)
    client.force_login(ManagerFactory())
    for count in (0, 2):
        for material in MaterialFactory.create_batch(count):
            Case.objects.create(
                kind="post", material=material, title="又一个", did="x", why="y", state="shared", shared_at=NOW,
                shared_by=case.shared_by, observed=1, expected=1, exposure=1, units=1, lift=1, lift_low=1, lift_high=1,
                found_at=NOW, counted_at=NOW,
            )  # fmt: skip
        with django_assert_num_queries(5):
            client.get("/metrics/cases/")
