"""Every row of the table of error codes: what the client does by itself, and what it tells its caller."""

from dataclasses import replace

import httpx
import pytest

from tests.wecom.fake import refusal
from wecom.client.content import Image
from wecom.client.errors import (
    RULES,
    CredentialsRefused,
    OutcomeUnknown,
    Throttled,
    Treatment,
    WeComRefused,
)
from wecom.client.media import with_fresh_media
from wecom.client.welcome import Outcome

PATH = "externalcontact/list"
OK = {"errcode": 0, "external_userid": ["wm1"]}
CARD = {"card_type": "button_interaction", "task_id": "T-1"}


def _ids(site):
    return site.wecom.customers.ids_of(userid="Lin")


@pytest.mark.parametrize("code", [-1, 6000, 45035])
def test_passing_fault_is_tried_again_with_growing_waits(connect_to, code):
    site = connect_to(**{PATH: [refusal(code), refusal(code), OK]})

    assert _ids(site) == ["wm1"]
    assert site.fake.count(PATH) == 3
    first, second = site.clock.slept
    assert 0.4 <= first <= 0.8
    assert 1.6 <= second <= 3.2


@pytest.mark.parametrize("code", [-1, 6000, 45035])
def test_fault_that_does_not_pass_is_given_up_after_three_tries_and_may_be_retried_later(connect_to, code):
    site = connect_to(**{PATH: [refusal(code)]})

    with pytest.raises(WeComRefused) as refused:
        _ids(site)

    assert site.fake.count(PATH) == 3
    assert (refused.value.code, refused.value.lasting) == (code, False)


@pytest.mark.parametrize("code", [40014, 42001])
def test_dead_token_is_refreshed_once_and_the_call_repeated(connect_to, code):
    site = connect_to(**{PATH: [refusal(code), OK]})

    assert _ids(site) == ["wm1"]
    assert (site.fake.count("gettoken"), site.fake.count(PATH)) == (2, 2)


@pytest.mark.parametrize("code", [40014, 42001])
def test_token_that_stays_refused_is_refreshed_once_only(connect_to, code):
    site = connect_to(**{PATH: [refusal(code)]})

    with pytest.raises(WeComRefused):
        _ids(site)

    assert (site.fake.count("gettoken"), site.fake.count(PATH)) == (2, 2)


# Rows that call for a person: one call, one alert, no retry.
@pytest.mark.parametrize(
    ("code", "subject"),
    [
        (40001, "app"), (40013, "app"), (40057, "app"), (50003, "app"), (60020, "app"), (301002, "app"),
        (48002, f"app:{PATH}"), (60011, f"app:{PATH}"),
    ],
)  # fmt: skip
def test_wrong_configuration_is_never_retried_and_alerts(connect_to, code, subject):
    site = connect_to(**{PATH: [refusal(code)]})

    with pytest.raises(WeComRefused) as refused:
        _ids(site)

    assert (site.fake.count(PATH), site.fake.count("gettoken"), site.clock.slept) == (1, 1, [])
    assert site.alerts.reported == [(code, subject)]
    assert refused.value.lasting


# Rows that are the caller's: one call, no alert, no retry, and a treatment to branch on.
@pytest.mark.parametrize(
    ("code", "treatment"),
    [
        (40003, Treatment.RESYNC), (40007, Treatment.REUPLOAD), (40035, Treatment.BUG), (40058, Treatment.BUG),
        (40063, Treatment.BUG), (40096, Treatment.RESYNC), (40098, Treatment.TELL),
        (40099, Treatment.CHOOSE_ANOTHER), (41001, Treatment.BUG), (41004, Treatment.BUG),
        (41050, Treatment.MISSED), (41051, Treatment.TREAT_AS_DONE), (41054, Treatment.TELL),
        (42014, Treatment.TREAT_AS_DONE), (46004, Treatment.RESYNC), (48009, Treatment.CHOOSE_ANOTHER),
        (60111, Treatment.RESYNC), (60123, Treatment.RESYNC), (81013, Treatment.CHOOSE_ANOTHER),
        (81017, Treatment.CHOOSE_ANOTHER), (84061, Treatment.RESYNC), (86001, Treatment.BUG),
        (86003, Treatment.BUG), (86004, Treatment.BUG), (90500, Treatment.CHOOSE_ANOTHER),
        (90501, Treatment.CHOOSE_ANOTHER), (90502, Treatment.CHOOSE_ANOTHER), (93000, Treatment.TELL),
        (701008, Treatment.TELL), (99999, Treatment.BUG),
    ],
)  # fmt: skip
def test_refusal_that_is_the_callers_business_is_raised_at_once(connect_to, code, treatment):
    site = connect_to(**{PATH: [refusal(code, "why, hint: [1] from ip: 1.2.3.4")]})

    with pytest.raises(WeComRefused, match=rf"（{code} why）") as refused:
        _ids(site)

    assert (site.fake.count(PATH), site.alerts.reported, site.clock.slept) == (1, [], [])
    assert (refused.value.treatment, refused.value.lasting) == (treatment, True)


def test_every_row_of_the_table_is_covered_by_a_test_of_this_file():
    tested = {
        -1, 6000, 45035, 40014, 42001, 40001, 40013, 40057, 50003, 60020, 301002, 48002, 60011, 40003, 40007, 40035,
        40058, 40063, 40096, 40098, 40099, 41001, 41004, 41050, 41051, 41054, 42014, 46004, 48009, 60111, 60123,
        81013, 81017, 84061, 86001, 86003, 86004, 90500, 90501, 90502, 93000, 701008, 41063, 41096, 45009, 45033,
    }  # fmt: skip
    assert set(RULES) == tested


def test_group_send_still_dispatching_asks_to_come_back_in_a_minute(connect_to):
    site = connect_to(externalcontact__get_groupmsg_task=[refusal(41063)])

    with pytest.raises(WeComRefused) as refused:
        list(site.wecom.group_sends.task_pages(msgid="M"))

    assert (refused.value.retry_after, refused.value.lasting) == (60, False)


def test_frequency_limit_pauses_that_api_for_every_worker_without_another_call(connect_to):
    site = connect_to(**{PATH: [refusal(45009)], "externalcontact/get_follow_user_list": [{"follow_user": []}]})
    other_worker = connect_to(fake=site.fake)

    with pytest.raises(Throttled) as throttled:
        _ids(site)
    with pytest.raises(Throttled) as also_throttled:
        _ids(other_worker)

    assert (throttled.value.retry_after, also_throttled.value.retry_after) == (60, 60)
    assert site.fake.count(PATH) == 1
    assert other_worker.wecom.customers.member_ids() == []  # other APIs go on


def test_frequency_limit_right_after_a_pause_pauses_for_the_hour(connect_to):
    site = connect_to(**{PATH: [refusal(45009)]})
    with pytest.raises(Throttled):
        _ids(site)
    site.clock.sleep(61)

    with pytest.raises(Throttled) as throttled:
        _ids(site)

    assert throttled.value.retry_after == 3_600


def test_api_goes_on_when_its_pause_is_over(connect_to):
    site = connect_to(**{PATH: [refusal(45009), OK]})
    with pytest.raises(Throttled):
        _ids(site)

    site.clock.sleep(61)

    assert _ids(site) == ["wm1"]


def test_too_many_parallel_calls_halve_the_places_and_the_call_is_tried_again(connect_to):
    site = connect_to(**{PATH: [refusal(45033), OK]}, parallel=8)

    assert _ids(site) == ["wm1"]
    assert site.fake.count(PATH) == 2
    assert site.limiter.narrow() == 2  # eight, four by the call, two now


def test_late_welcome_is_reported_as_late_not_raised(connect_to):
    site = connect_to(externalcontact__send_welcome_msg=[refusal(41050)])

    assert _welcome(site) is Outcome.LATE
    assert site.fake.count("externalcontact/send_welcome_msg") == 1


def test_welcome_somebody_already_sent_counts_as_done(connect_to):
    assert _welcome(connect_to(externalcontact__send_welcome_msg=[refusal(41051)])) is Outcome.ALREADY


def test_welcome_another_app_is_sending_is_tried_again_within_its_twenty_seconds(connect_to):
    site = connect_to(externalcontact__send_welcome_msg=[refusal(41096)] * 3 + [{"errcode": 0}])

    assert _welcome(site) is Outcome.SENT
    assert site.clock.slept == [0.5, 0.5, 0.5]


def test_welcome_is_not_tried_beyond_its_twenty_seconds(connect_to):
    site = connect_to(externalcontact__send_welcome_msg=[refusal(41096)])

    with pytest.raises(WeComRefused):
        _welcome(site)

    assert sum(site.clock.slept) <= 20
    assert site.fake.count("externalcontact/send_welcome_msg") == 41


def _welcome(site) -> Outcome:
    welcome = replace(site.wecom.welcome, clock=site.clock, sleep=site.clock.sleep)
    return welcome.send(welcome_code="W", deadline=site.clock() + 20, text="你好", attachments=[Image(media_id="m")])


def test_card_sent_twice_with_one_task_id_is_a_duplicate_not_a_fault(connect_to):
    site = connect_to(message__send=[{"errcode": 0, "msgid": "1"}, refusal(42014)])

    first, second = (site.wecom.messages.send_card(to=["Lin"], card=CARD) for _ in range(2))

    assert (first.duplicate, second.duplicate) == (False, True)


def test_expired_media_is_uploaded_again_once(connect_to):
    site = connect_to(message__send=[refusal(40007), {"errcode": 0}], media__upload=[{"media_id": "new"}])
    media, messages = site.wecom.media, site.wecom.messages

    with_fresh_media(
        media_id="old",
        upload=lambda: media.upload(kind="image", name="a.png", content=b"picture", media_type="image/png"),
        use=lambda media_id: messages.send_media(to=["Lin"], kind="image", media_id=media_id),
    )

    assert site.fake.body("message/send")["image"] == {"media_id": "new"}
    assert site.fake.count("media/upload") == 1


def test_media_that_is_refused_again_is_not_uploaded_a_third_time(connect_to):
    site = connect_to(message__send=[refusal(40007)])

    with pytest.raises(WeComRefused):
        with_fresh_media(
            media_id="old",
            upload=lambda: "new",
            use=lambda media_id: site.wecom.messages.send_media(to=["Lin"], kind="image", media_id=media_id),
        )

    assert site.fake.count("message/send") == 2


def test_wrong_secret_makes_one_gettoken_and_one_alert_however_often_it_is_used(connect_to):
    site = connect_to(gettoken=[refusal(40001)])
    later = connect_to(fake=site.fake)

    for client in (site, site, later):
        with pytest.raises(CredentialsRefused):
            _ids(client)

    assert site.fake.paths() == ["gettoken"]
    assert (site.alerts.reported, later.alerts.reported) == ([(40001, "app")], [])


def test_new_secret_is_tried_at_once_and_clears_the_alert(connect_to):
    site = connect_to(gettoken=[refusal(40001)])
    with pytest.raises(CredentialsRefused):
        _ids(site)

    mended = connect_to(secret="the-new-secret", **{PATH: [OK]})

    assert _ids(mended) == ["wm1"]
    assert (40001, "app") in mended.alerts.cleared


def test_refused_secret_is_tried_again_when_somebody_says_it_was_mended(connect_to):
    site = connect_to(gettoken=[refusal(40001), {"access_token": "t", "expires_in": 7200}], **{PATH: [OK]})
    with pytest.raises(CredentialsRefused):
        _ids(site)

    site.wecom.transport.unblock()

    assert _ids(site) == ["wm1"]


def test_address_block_of_gettoken_is_waited_out_for_an_hour(connect_to):
    site = connect_to(gettoken=[refusal(45009)])

    with pytest.raises(Throttled) as throttled:
        _ids(site)

    assert throttled.value.retry_after == 3_600


def test_group_send_whose_answer_was_lost_is_not_created_again(connect_to):
    site = connect_to(externalcontact__add_msg_template=[httpx.ReadTimeout("slow")])

    with pytest.raises(OutcomeUnknown):
        site.wecom.group_sends.to_groups(sender="Lin", chat_ids=["c1"], text="今日特价")

    assert site.fake.count("externalcontact/add_msg_template") == 1
