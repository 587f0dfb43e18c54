"""早报: who hears what in the morning, once."""

from collections import defaultdict

import pytest

from metrics.models import Digest, DigestSetting
from metrics.services.digesting import send_digests, write_digests
from tests.factories import ManagerFactory, RegionFactory, RegionLeadFactory, StaffFactory, StoreFactory
from tests.metrics.watch.test_alert_pages import alert_of
from tests.metrics.watch.worlds import MONDAY, at
from tests.racing import race
from wecom.client.errors import WeComRefused, WeComUnavailable
from wecom.client.messages import Receipt

pytestmark = pytest.mark.django_db
MORNING = at(MONDAY, 8, 33)


class Box:
    """WeCom's end of the line: keeps what was sent; `answers` says what else it does for whom."""

    def __init__(self, **answers):
        self.sent, self.answers = defaultdict(list), answers
        self.messages = self

    def send_card(self, *, to, card):
        answer = self.answers.get(to[0])
        if isinstance(answer, Exception):
            raise answer
        self.sent[to[0]].append(card)
        return answer or Receipt()


@pytest.fixture
def people():
    east, west = RegionFactory(), RegionFactory()
    bad, well = StoreFactory(name="东门店", region=east), StoreFactory(name="西门店", region=west)
    alert_of(bad)
    alert_of(bad, kind="quit_spike", cause="近 3 天退群 40 人")
    return {
        "hq": StaffFactory(wecom_userid="hq"), "east": RegionLeadFactory(region=east, wecom_userid="east"),
        "west": RegionLeadFactory(region=west, wecom_userid="west"),
        "manager": ManagerFactory(store=bad, wecom_userid="manager"),
        "other": ManagerFactory(store=well, wecom_userid="other"), "unknown": ManagerFactory(store=bad),
    }  # fmt: skip


def test_each_is_told_of_her_own_stores_and_who_has_nothing_to_hear_hears_nothing(people):
    box = Box()

    write_digests(at=MORNING)
    send_digests(gateway=box, clock=lambda: MORNING)

    assert set(box.sent) == {"hq", "east", "manager"}
    assert box.sent["east"][0]["sub_title_text"] == "1 家门店共 2 条要处理，最多的是东门店（2 条）"
    assert box.sent["manager"][0]["sub_title_text"].startswith("有 2 条要处理：1. 近 3 天退群 40 人")
    assert box.sent["hq"][0]["card_action"]["url"].endswith("/metrics/alerts/")


def test_a_person_gets_one_message_a_day_however_often_the_clock_asks(people):
    box = Box()
    for _ in range(3):
        write_digests(at=MORNING)
        send_digests(gateway=box, clock=lambda: MORNING)

    assert {userid: len(cards) for userid, cards in box.sent.items()} == {"hq": 1, "east": 1, "manager": 1}


def test_hq_may_want_it_said_that_all_is_well(people):
    DigestSetting.objects.create(pk=1, says_all_well=True, to_hq=False)

    write_digests(at=MORNING)

    told = dict(Digest.objects.values_list("person__wecom_userid", "text"))
    assert set(told) == {"east", "west", "manager", "other"}
    assert told["other"] == "一切正常，今天没有要处理的告警"


@pytest.mark.parametrize("hour", [7, 12, 22])
def test_outside_the_morning_nothing_is_written_or_sent(people, hour):
    box = Box()
    write_digests(at=MORNING)

    assert write_digests(at=at(MONDAY, hour)) == 0
    send_digests(gateway=box, clock=lambda: at(MONDAY, hour))
    assert box.sent == {}


def test_who_wecom_does_not_know_is_noted_and_a_busy_wecom_is_asked_again(people):
    box = Box(hq=WeComRefused(api="message/send", code=81013), east=WeComUnavailable("busy"))
    write_digests(at=MORNING)

    send_digests(gateway=box, clock=lambda: MORNING)
    states = dict(Digest.objects.values_list("userid", "state"))
    box.answers.clear()
    send_digests(gateway=box, clock=lambda: at(MONDAY, 8, 41))

    assert states == {"hq": "refused", "east": "pending", "manager": "sent"}
    assert set(box.sent) == {"manager", "east"}


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_and_send_each_message_once(people):
    box = Box()

    def work():
        write_digests(at=MORNING)
        return send_digests(gateway=box, clock=lambda: MORNING)

    race(work, work)

    assert {userid: len(cards) for userid, cards in box.sent.items()} == {"hq": 1, "east": 1, "manager": 1}
