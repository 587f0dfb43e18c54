"""What the platform is for, with real processes: a neighbour scans a code, and whatever dies, she is welcomed.

The workers are killed for a moment here; docs/decisions/0015-demo-company.md has the figures of a whole minute.
"""

import json
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.config.machines import eventually
from tests.demo.demos import Demo, children, in_a_second_terminal

# What the platform has of the people of whom it is given the names.
FACTS = """
import json, sys
from communities.models import CodeAdd, GroupMembership, WelcomeOutcome
from communities.services.counting import customer_hash
from members.models import Member
asked = json.loads(input())
members = Member.objects.filter(name__in=asked["names"])
stays = GroupMembership.objects.filter(member__in=members, left_at=None)
hashes = [customer_hash(one) for one in asked["ids"]]
print(json.dumps({
    "members": sorted(members.filter(home_store__staff__username="manager").values_list(
        "name", "home_store__staff__username")),
    "contacts": sorted(members.filter(contacts__ended_at=None).values_list("name", "contacts__staff__username")),
    "stays": sorted(stays.values_list("member__name", "join_scene", "state")),
    "adds": CodeAdd.objects.filter(customer__in=hashes).count(),
    "welcomes": list(WelcomeOutcome.objects.filter(customer__in=hashes).values_list("result", flat=True)),
}))
"""


class Neighbourhood:
    """The sandbox of a demo, the shop of the manager in it, and his log-in on the site."""

    def __init__(self, address: str, sandbox: str) -> None:
        self.sandbox = httpx.Client(base_url=sandbox, trust_env=False, timeout=30)
        self.site = httpx.Client(base_url=address, trust_env=False, timeout=30, follow_redirects=True)
        page = self.sandbox.get("/sandbox/", params={"manager": "manager"}).text
        self.codes = dict(re.findall(r'href="/sandbox/scan/([\w-]+)".*?<small>(.*?)</small>', page))
        self.by_label = {label.partition("·")[0]: config_id for config_id, label in self.codes.items()}
        form = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.site.get("/login/").text)
        self.site.post("/login/", data={
            "csrfmiddlewaretoken": form[1], "username": "manager", "password": "dianquan-demo",
        })  # fmt: skip

    def close(self) -> None:
        self.sandbox.close()
        self.site.close()

    def scan(self, code: str, **who: str) -> dict:
        answer = self.sandbox.post("/sandbox/api/do/scan", json={"code": self.by_label[code], **who})
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def arrive(self, name: str) -> str:
        """A neighbour adds the manager by the code at the till and enters the group by that of the standee."""
        person = self.scan("收银台", name=name)["external_userid"]
        self.scan("展架", contact=person)
        return person

    def rows(self, table: str) -> list[dict]:
        """What WeCom itself has."""
        found: list[dict] = []
        while page := self._page(table, offset=len(found)):
            found += page
        return found

    def _page(self, table: str, *, offset: int) -> list[dict]:
        return self.sandbox.get("/sandbox/api/rows", params={"table": table, "offset": offset}).json()["rows"]

    def sees(self, name: str) -> bool:
        """Whether the manager's list of members has her; his question stands on the page in any case."""
        page = self.site.get("/members/", params={"q": name}).text
        return re.search(rf'href="/members/\d+/"[^>]*>[^<]*{name}', page) is not None


@contextmanager
def dead(root, demo: Demo) -> Iterator[None]:
    """No worker lives, and nobody starts one: the supervisor sleeps."""
    demo.process.send_signal(signal.SIGSTOP)
    try:
        for number in children(root, demo, " worker "):
            os.kill(number, signal.SIGKILL)
        yield
    finally:
        demo.process.send_signal(signal.SIGCONT)


def facts(root, people: dict[str, str]) -> dict:
    with in_a_second_terminal(root, FACTS) as terminal:
        asked = json.dumps({"names": list(people), "ids": list(people.values())})
        told, _ = terminal.communicate(asked + "\n", timeout=60)
    return json.loads(told)


def settled(root, people: dict[str, str]) -> dict:
    """The facts once the workers have done all there was to do."""
    found: dict = {}

    def are_all_there() -> bool:
        found.update(facts(root, people))
        undecided = set(found["welcomes"]) - {"sent", "late"}
        return not undecided and {len(found[one]) for one in ("welcomes", "stays", "contacts")} == {len(people)}

    try:
        eventually(are_all_there, "all is applied", seconds=90)
    except AssertionError as late:
        raise AssertionError(found) from late
    return found


@pytest.fixture
def show(root, port):
    demo = Demo(root, "--port", str(port))
    try:
        address = demo.address()
        eventually(lambda: "渠道码已就绪" in demo.text(), "WeCom was read and the codes made", seconds=180)
        place = Neighbourhood(address, f"http://127.0.0.1:{port + 90}")
        yield demo, place
        place.close()
    finally:
        demo.end(signal.SIGINT)


def test_a_neighbour_scans_and_is_welcomed_and_none_is_lost_while_the_workers_are_dead(root, show):
    demo, place = show
    people = {"小满": place.arrive("小满")}
    eventually(lambda: place.sees("小满"), "the manager sees her", seconds=30)
    settled(root, people)  # a job in flight when its worker dies waits for its lease: `tests/wecom/test_inbox.py`
    with dead(root, demo):
        people |= {name: place.arrive(name) for name in ("立春", "惊蛰", "谷雨", "芒种", "霜降")}
        unseen = [name for name in people if not place.sees(name)]
    eventually(lambda: all(place.sees(name) for name in people), "the manager sees all", seconds=60)
    found = settled(root, people)
    welcomed = [row for row in place.rows("welcome") if row["contact"] in people.values() and row["used"]]
    states = {row["member"]: row["state"] for row in place.rows("chat_member")}

    assert unseen == ["立春", "惊蛰", "谷雨", "芒种", "霜降"]  # they really were dead
    assert found["members"] == found["contacts"] == sorted([name, "manager"] for name in people)
    # By scanning, and through the code WeCom says.
    assert found["stays"] == sorted([name, 3, states[person]] for name, person in people.items())
    assert all(states[person].startswith("dq") for person in people.values())
    assert found["adds"] == len(people)
    results = Counter(found["welcomes"])
    assert (results["sent"] + results["late"], results["sent"]) == (len(people), len(welcomed))
    assert results["sent"] >= 1
