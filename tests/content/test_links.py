"""Links are opened on save and at night; one failure of the network proves nothing."""

from datetime import timedelta

import httpx
import pytest
from django.core.cache import cache
from django.utils import timezone

from communities import tasks
from communities.models import MaterialVersion
from communities.services.content import links
from tests.factories import MaterialFactory, MaterialVersionFactory
from wecom.fetching import FetchRefused, NotReached, probe_public

PUBLIC = "93.184.216.34"


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()


def probe(url, *answers, addresses=(PUBLIC,), seen=None):
    left = iter(answers)

    def respond(request):
        if seen is not None:
            seen.append((str(request.url), request.headers["host"]))
        return next(left)

    http = httpx.Client(transport=httpx.MockTransport(respond))
    probe_public(url, lookup=lambda host: ["10.0.0.1"] if host.startswith("inside") else list(addresses), http=http)


def moved(to):
    return httpx.Response(302, headers={"location": to})


@pytest.mark.parametrize("status", [200, 204, 401, 403, 405, 429])
def test_what_answers_opens_even_where_a_program_may_not_look(status):
    probe("https://x.example/a", httpx.Response(status))


@pytest.mark.parametrize(
    ("status", "kind"), [(404, FetchRefused), (410, FetchRefused), (500, NotReached), (503, NotReached)]
)
def test_what_is_not_there_does_not_open(status, kind):
    with pytest.raises(kind, match=f"链接返回 {status}") as refused:
        probe("https://x.example/a", httpx.Response(status))
    assert type(refused.value) is kind


def test_a_short_link_is_followed_and_each_step_is_checked():
    seen = []
    probe("https://s.example/1", moved("/2"), moved("https://x.example/a?b=1"), httpx.Response(200), seen=seen)

    assert seen == [
        (f"https://{PUBLIC}/1", "s.example"), (f"https://{PUBLIC}/2", "s.example"),
        (f"https://{PUBLIC}/a?b=1", "x.example"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "target", ["https://inside.example/", "http://x.example/", "https://127.0.0.1:8000/", "file:///etc"]
)
def test_a_link_cannot_lead_into_our_network(target):
    seen = []
    with pytest.raises(FetchRefused):
        probe("https://s.example/1", moved(target), httpx.Response(200), seen=seen)
    assert len(seen) == 1


def test_a_link_that_goes_in_circles_is_given_up():
    with pytest.raises(FetchRefused, match="跳转太多次"):
        probe("https://s.example/1", *[moved("/1") for _ in range(9)])


class Answers:
    """What a look at an address finds, one after the other."""

    def __init__(self, *found):
        self.found, self.asked = list(found), 0

    def __call__(self, _address):
        self.asked += 1
        found = self.found.pop(0)
        if found is not None:
            raise found


def test_one_failure_to_reach_is_no_proof_and_two_are():
    down = Answers(NotReached("链接打不开（ConnectTimeout）"), NotReached("链接打不开（ConnectTimeout）"))
    now = timezone.now()

    first = links.check_links(["https://x.example"], at=now, probe=down)["https://x.example"]
    second = links.check_links(["https://x.example"], at=now + timedelta(minutes=1), probe=down)["https://x.example"]

    assert (first.opens, second.opens, second.reason) == (True, False, "链接打不开（ConnectTimeout）")


def test_a_link_that_opens_again_is_forgiven_and_not_asked_again_within_the_hour():
    answers = Answers(FetchRefused("链接返回 404"), None, None)
    now = timezone.now()

    opens = [
        links.check_links(["https://x.example"], at=now + timedelta(minutes=minutes), probe=answers)[
            "https://x.example"
        ].opens
        for minutes in (0, 1, 2, 59, 70)
    ]

    assert (opens, answers.asked) == ([False, True, True, True, True], 3)


def test_addresses_are_found_in_the_text_and_the_card_and_those_that_differ_by_store_are_left():
    version = MaterialVersion(
        text="看 https://x.example/a?b=1，还有https://y.example/c。HTTPS://Z.example 和 {接龙链接}",
        link_url="https://x.example/card",
    )

    assert links.addresses_of(version) == [
        "https://x.example/card", "https://x.example/a?b=1", "https://y.example/c", "HTTPS://Z.example",
    ]  # fmt: skip
    assert links.addresses_of(MaterialVersion(link_url="https://x.example/{门店编码}")) == []


@pytest.mark.django_db
def test_at_night_the_current_versions_of_materials_in_use_are_looked_at():
    version = MaterialVersionFactory(link_url="https://x.example/new")
    version.material.versions.filter(number=1).update(link_url="https://x.example/old")
    MaterialVersionFactory(link_url="https://x.example/gone", material=MaterialFactory(archived_at=timezone.now()))

    assert links.live_addresses() == ["https://x.example/new"]


@pytest.mark.django_db
def test_on_save_a_link_into_our_network_is_found_dead_without_a_call():
    version = MaterialVersionFactory(link_url="https://127.0.0.1/x")

    tasks.check_links(version_id=version.pk)
    tasks.bulk_check_links()

    assert links.known(["https://127.0.0.1/x"])["https://127.0.0.1/x"].reason == "链接不是公网地址"
