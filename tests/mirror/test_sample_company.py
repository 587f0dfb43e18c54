"""The sample chain told to the sandbox, and read back through the API."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from communities.models import CustomerGroup, GroupMembership
from members.models import Contact, Identity, MatchReview, Member
from members.simulation.run import simulate
from stores.models import Department, Staff, Store
from tests.mirror.mirroring import Mirror, drift_of
from wecom.sandbox import server
from wecom.sandbox.store import Store as Sandbox
from wecom.sandbox.world.company import found
from wecom.sandbox.world.errors import Impossible

MAY = date(2026, 5, 31)


@pytest.fixture
def told(db, tmp_path) -> Path:
    """The file that tells of a chain of twelve stores."""
    simulate(stores=12, members=400, months=1, seed=3, until=MAY)
    file = tmp_path / "company.jsonl"
    call_command("wecom_company", str(file), verbosity=0)
    return file


def lines_of(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def founded(path: Path, lines: list[str]) -> dict[str, int]:
    sandbox = Sandbox(path)
    try:
        with sandbox.transaction():
            sandbox.change_settings({"callback_url": ""})
            return found(sandbox, lines)
    finally:
        sandbox.close()


def test_the_sample_chain_comes_back_whole_through_the_api(told, path, run, connect):
    counts = founded(path, told.read_text(encoding="utf-8").splitlines())
    before = (Member.objects.count(), Contact.objects.count())
    company = run()
    connect(company)
    mirror = Mirror(company=company, stores=list(Store.objects.all()))
    runs = mirror.read_all()

    assert mirror.ours() == mirror.truth()
    assert drift_of(runs["staff"]) == {}  # everybody was known
    assert Department.objects.exclude(store=None).count() == 12
    assert CustomerGroup.objects.exclude(store=None).count() == counts["group"]
    groups = Counter(CustomerGroup.objects.values_list("store", flat=True))
    assert (len(groups), set(groups.values())) == (12, {2, 3})
    assert Staff.objects.filter(wecom_seen_at=None, is_active=True).count() == 0
    assert Contact.objects.filter(mirrored_at=None).count() == 0
    # The POS members were recognised by their UnionID; the others are new, and none was guessed by a phone.
    assert Member.objects.count() - before[0] == counts["customer"] - before[1] > 12
    noted = sum("mobiles" in line.get("follow", {}) for line in lines_of(told))
    assert MatchReview.objects.filter(reason=MatchReview.Reason.PHONE).count() == noted > 0
    assert Identity.objects.filter(kind=Identity.Kind.EXTERNAL_USERID).count() == counts["customer"]
    assert not GroupMembership.objects.filter(is_staff=False, member=None).exists()
    assert GroupMembership.objects.filter(is_staff=False).count() > counts["customer"] / 2


def test_the_same_chain_tells_the_same_company(told, tmp_path):
    again = tmp_path / "again.jsonl"
    call_command("wecom_company", str(again), verbosity=0)
    people = [[line for line in lines_of(file) if "group" not in line] for file in (told, again)]

    assert people[0][:40] == people[1][:40]
    assert [line["customer"]["key"] for line in people[0] if "customer" in line] == [
        line["customer"]["key"] for line in people[1] if "customer" in line
    ]


def test_a_file_that_cannot_be_written_is_said_and_leaves_nothing(db, tmp_path):
    with pytest.raises(CommandError, match="写不了"):
        call_command("wecom_company", str(tmp_path / "nowhere" / "company.jsonl"))

    assert list(tmp_path.iterdir()) == []


ROOT = '{"department": {"id": 1, "name": "总部", "parent": 0}}'
BOSS = '{"member": {"userid": "a", "name": "甲", "department": 1}}'
ANNE = '{"customer": {"key": "anne", "name": "安"}}'


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([ROOT, "nonsense"], "第 2 行写得不对"),
        ([ROOT, '{"shop": {}}'], "第 2 行：每行应是"),
        ([ROOT, '{"department": {}, "member": {}}'], "第 2 行：每行应是"),
        ([ROOT, '{"member": {"userid": "a", "name": "甲", "department": 9}}'], "第 2 行：没有部门 9"),
        ([ROOT, BOSS, BOSS], "第 3 行写得不对"),
        ([ROOT, ANNE, ANNE], "第 3 行：客户 anne 写了两次"),
        ([ROOT, BOSS, '{"follow": {"userid": "a", "customer": "anne", "at": 1}}'], "第 3 行：没有客户 anne"),
        ([ROOT, ANNE, '{"follow": {"userid": "a", "customer": "anne", "at": 1}}'], "第 3 行：没有成员 a"),
        ([ROOT, BOSS, '{"group": {"name": "群", "owner": "a", "at": 1, "people": [{"customer": "b", "at": 1}]}}'],
         "第 3 行：没有客户 b"),
    ],
)  # fmt: skip
def test_a_line_that_makes_no_sense_is_named_and_nothing_is_founded(path, lines, reason):
    with pytest.raises(Impossible, match=reason):
        founded(path, lines)

    sandbox = Sandbox(path)
    left = [
        sandbox.all(query) for query in ("SELECT * FROM department", "SELECT * FROM staff", "SELECT * FROM contact")
    ]
    assert left == [[], [], []]
    sandbox.close()


def test_a_company_that_lives_is_not_founded_again(path):
    founded(path, [ROOT, BOSS])

    with pytest.raises(Impossible, match="公司已经有成员"):
        founded(path, [ROOT, BOSS])


def test_a_group_larger_than_wecom_allows_is_refused(path):
    crowd = [json.dumps({"customer": {"key": str(n), "name": "客"}}) for n in range(500)]
    group = {"name": "群", "owner": "a", "at": 1, "people": [{"customer": str(n), "at": 1} for n in range(500)]}

    with pytest.raises(Impossible, match="装不下 500 人"):
        founded(path, [ROOT, BOSS, *crowd, json.dumps({"group": group})])


def test_a_missing_company_file_is_said_before_anything_is_served(tmp_path):
    with pytest.raises(OSError, match=r"nobody\.jsonl"):
        server.serve(
            host="127.0.0.1", port=0, path=tmp_path / "s.sqlite3", settings={}, company=tmp_path / "nobody.jsonl"
        )
