"""A newcomer is welcomed within twenty seconds, once, and what became of it is written down."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from communities.models import CodeAdd, WelcomeOutcome, WelcomeText
from communities.services import counting, welcoming
from communities.services.welcome_touches import StillUnderWay, note_welcome
from tagging.models import Touch
from tests.factories import EntryCodeFactory, ManagerFactory, MemberFactory, StaffFactory, StoreFactory, identity
from tests.wecom.fake import refusal

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
SEND = "externalcontact/send_welcome_msg"


class Watch:
    """A clock that sleeping moves, and each look by a little."""

    def __init__(self, at):
        self.now = at

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def manager():
    return ManagerFactory(wecom_userid="zhang", name="张敏", store=StoreFactory(name="翠竹店"))


def greet(site, *, code=None, event=1, after=1.0, userid="zhang", watch=None) -> WelcomeOutcome:
    newcomer = welcoming.Newcomer(
        event=event, userid=userid, external_userid="wm1", token=code.token if code else "",
        welcome_code="WELCOME", occurred_at=NOW,
    )  # fmt: skip
    at = NOW + timedelta(seconds=after)
    watch = watch or Watch(at)
    welcoming.welcome(newcomer, at=at, gateway=site.wecom, clock=watch, sleep=watch.sleep)
    return WelcomeOutcome.objects.get(event=event)


@pytest.mark.django_db
def test_a_newcomer_is_greeted_by_the_manager_with_the_bait_and_the_group(site, manager):
    code = EntryCodeFactory(store=manager.store, bait="首单减 5 元")
    EntryCodeFactory(store=manager.store, kind="group", media_id="M1", media_at=NOW - timedelta(days=2))

    outcome = greet(site, code=code)

    body = site.fake.body(SEND)
    assert body["welcome_code"] == "WELCOME"
    assert body["text"]["content"] == (
        "你好，我是翠竹店店长张敏，很高兴认识你！\n首单减 5 元\n有想吃的、想问的，随时在这里找我。"
    )
    assert body["attachments"] == [{"msgtype": "image", "image": {"media_id": "M1"}}]
    assert (outcome.result, outcome.latency_ms, outcome.store) == ("sent", 1000, manager.store)


@pytest.mark.django_db
def test_a_picture_that_wecom_has_forgotten_becomes_a_link(site, manager):
    code = EntryCodeFactory(
        store=manager.store, kind="group", media_id="M1", media_at=NOW - timedelta(days=3), qr_url="https://q.example/1"
    )

    greet(site, code=code)

    assert site.fake.body(SEND)["attachments"][0]["link"]["url"] == "https://q.example/1"


@pytest.mark.django_db
def test_expired_media_is_answered_with_the_fallback_text(site, manager):
    code = EntryCodeFactory(store=manager.store)
    EntryCodeFactory(store=manager.store, kind="group", media_id="M1", media_at=NOW)
    site.fake.script[SEND] = [refusal(40007), {"errcode": 0}]

    outcome = greet(site, code=code)

    assert site.fake.body(SEND)["text"]["content"] == "你好，我是翠竹店店长张敏，有需要随时在这里找我。"
    assert "attachments" not in site.fake.body(SEND)
    assert outcome.result == "plain"


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "result"), [(41050, "late"), (41051, "already"), (48002, "refused")])
def test_what_wecom_says_of_a_welcome_is_recorded_and_not_asked_again(site, manager, code, result):
    site.fake.script[SEND] = [refusal(code)]

    outcomes = [greet(site).result, greet(site).result]

    assert outcomes == [result, result]
    assert site.fake.count(SEND) == 1


@pytest.mark.django_db
def test_a_late_worker_sends_nothing(site, manager):
    outcome = greet(site, after=20)

    assert (outcome.result, outcome.latency_ms, site.fake.calls) == ("late", 20_000, [])


@pytest.mark.django_db
def test_no_answer_is_asked_again_until_the_code_dies_and_never_after(site, manager):
    site.fake.script[SEND] = [httpx.ReadTimeout("lost")]
    watch = Watch(NOW + timedelta(seconds=18))

    outcome = greet(site, after=18, watch=watch)

    assert outcome.result == "unknown"
    assert watch.now < NOW + welcoming.LIFE
    assert site.fake.count(SEND) == 4  # at 18, 18.5, 19 and 19.5


@pytest.mark.django_db
def test_a_lost_answer_followed_by_already_sent_is_one_welcome(site, manager):
    site.fake.script[SEND] = [httpx.ReadTimeout("lost"), refusal(41051)]

    assert greet(site).result == "already"


@pytest.mark.django_db
def test_another_app_that_is_sending_is_waited_for(site, manager):
    site.fake.script[SEND] = [refusal(41096), {"errcode": 0}]

    assert greet(site).result == "sent"
    assert site.fake.count(SEND) == 2


@pytest.mark.django_db
def test_the_closest_text_wins(site, manager):
    by = StaffFactory()
    code = EntryCodeFactory(store=manager.store, scene="fitout")
    said = []
    for place, scene, text in [
        (None, "", "总部：{店名}"),
        (None, "fitout", "总部装修：{店名}"),
        (manager.store, "", "本店：{店长}"),
        (manager.store, "fitout", "本店装修：{优惠券}"),
    ]:
        WelcomeText.objects.create(
            store=place, scene=scene, text=text, coupon="满50减10", changed_by=by, changed_at=NOW
        )
        greet(site, code=code, event=len(said) + 1)
        said.append(site.fake.body(SEND)["text"]["content"])

    assert said == ["总部：翠竹店", "总部装修：翠竹店", "本店：张敏", "本店装修：满50减10"]


@pytest.mark.django_db
def test_the_welcome_code_is_stored_hashed_only(site, manager):
    outcome = greet(site)

    assert bytes(outcome.welcome_code) != b"WELCOME"
    assert len(outcome.welcome_code) == 32
    assert len(outcome.customer) == 16


@pytest.mark.django_db
def test_an_add_is_counted_once_per_callback_and_only_for_our_codes():
    code = EntryCodeFactory()

    counted = [
        counting.count_add(token=token, external_userid="wm1", event=event, at=NOW)
        for token, event in [(code.token, 1), (code.token, 1), ("console", 2), ("", 3), (code.token, 4)]
    ]

    assert counted == [True, False, False, False, True]
    assert CodeAdd.objects.filter(code=code).count() == 2


@pytest.mark.django_db
def test_a_crowd_of_scans_loses_no_count():
    code = EntryCodeFactory()

    for _ in range(3):
        counting.count_scan(code=code, at=NOW)

    assert list(code.scans.values_list("times", flat=True)) == [3]


@pytest.mark.django_db
def test_a_welcome_counts_among_what_she_was_told_once_she_is_known(site, manager):
    def note(event=1):
        return note_welcome(event=event, userid="zhang", external_userid="wm1", corp_id="ww1", at=NOW)

    with pytest.raises(StillUnderWay):  # not decided yet
        note()
    greet(site)
    with pytest.raises(StillUnderWay):  # the mirror has not read her yet
        note()
    member = MemberFactory()
    identity(member, "external_userid", "wm1", issuer="ww1")

    assert (note(), note()) == (True, True)
    touch = Touch.objects.get()
    assert (touch.member_id, touch.channel, touch.staff, touch.store_id) == (
        member.pk, "welcome", manager, manager.store_id
    )  # fmt: skip
    greet(site, event=2, after=21)
    assert note(2) is False  # too late: she heard nothing
