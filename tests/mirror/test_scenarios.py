"""A scenario of the sandbox is played, its callbacks come, and the platform counts what the sandbox counts.

No reading of WeCom is asked for in between: groups, people, the ledger and the codes follow the callbacks alone. Small
in every run; `SCENARIO_SHOPS=40 SCENARIO_MINUTES=10` plays a neighbourhood of forty shops and ten minutes of 300 joins.
"""

import os
from collections import Counter

import pytest
from django.utils import timezone

from communities.models import CodeAdd, EntryCode, GroupMembership
from communities.services import making, ordering
from tests.factories import ManagerFactory, StaffFactory, StoreFactory
from tests.mirror.comparing import rows
from tests.mirror.mirroring import Mirror, moment
from wecom.events import read_event
from wecom.gateway import wecom

SHOPS, MINUTES = int(os.environ.get("SCENARIO_SHOPS", "2")), int(os.environ.get("SCENARIO_MINUTES", "1"))


@pytest.fixture
def mirror(company, connect):
    """Shops with two groups, twenty customers, and a code at the till and at the standee each; all is read."""
    connect(company)
    company.control("reset")
    company.control("settings", token_seconds=10**7)
    company.control("seed", managers=SHOPS, groups=2 * SHOPS, contacts=20 * SHOPS)
    stores = [StoreFactory(name=f"{number:04}店") for number in range(1, SHOPS + 1)]
    for number, store in enumerate(stores, start=1):
        ManagerFactory(store=store, wecom_userid=f"manager{number:04}")
    mirror = Mirror(company=company, stores=stores)
    mirror.read_all()
    hq, at = StaffFactory(), timezone.now()
    for store in stores:
        for scene, kind in (("checkout", "contact"), ("standee", "group")):
            wish = ordering.Wish(scene=scene, kind=kind, bait="进群领 10 元券")
            code = ordering.order_code(store=store, wish=wish, by=hq, at=at)
            making.make_code(code_id=code.pk, at=at, gateway=wecom())
    assert set(EntryCode.objects.values_list("status", flat=True)) == {"live"}
    mirror.news()
    return mirror


def played(mirror, **scenario):
    """Play it minute by minute; each minute's callbacks come in disorder and some twice. Returns them all."""
    planned = mirror.company.control("scenario", **scenario)
    told = []
    for minute in range(int(planned["seconds"]) // 60 + 1):
        mirror.company.advance(60)
        mirror.company.control("deliver")
        news = mirror.news()
        told += news
        mirror.deliver(mirror.shuffled(news, seed=minute, double=0.1))
    assert mirror.company.see("state")["counts"]["step"] == 0
    return [read_event(one) for one in told]


def of_codes(mirror):
    """Who added a colleague, and who entered a group, through each code: (WeCom's count, ours)."""
    tokens = set(EntryCode.objects.values_list("token", flat=True))
    theirs = Counter(
        (table, row["state"])
        for table in ("follow", "chat_member")
        for row in rows(mirror.company, table)
        if row["state"]
    )
    ours = Counter(("follow", token) for token in CodeAdd.objects.values_list("code__token", flat=True))
    ours += Counter(
        ("chat_member", state) for state in GroupMembership.objects.exclude(state="").values_list("state", flat=True)
    )
    assert {token for _, token in theirs} <= tokens
    return theirs, ours


def of_the_ledger(events, *, since):
    """How many came into groups and went, as the callbacks say, and as the ledger does."""
    told = Counter()
    for event in events:
        told[event.text("UpdateDetail")] += len(event.texts("MemChangeList", "Item"))
    stays = GroupMembership.objects.filter(is_staff=False)
    kept = (stays.filter(joined_at__gte=since).count(), stays.filter(left_at__gte=since).count())
    return (told["add_member"], told["del_member"]), kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scenario", "least"),
    [
        ({"name": "morning"}, 3 * min(SHOPS, 5)),  # it plays in the groups of five owners at most
        ({"name": "opening", "userid": "manager0002"}, 64),  # 24 friends of the manager, and the rush of 40
        ({"name": "burst", "userid": "manager0001", "minutes": MINUTES}, 300 * MINUTES),
    ],
    ids=["morning", "opening", "burst"],
)
def test_what_a_scenario_did_is_what_the_platform_counts(mirror, scenario, least):
    since = moment(int(mirror.company.see("state")["now"]))

    events = played(mirror, **scenario)

    assert mirror.ours() == mirror.truth()
    theirs, ours = of_codes(mirror)
    assert ours == theirs != Counter()
    told, kept = of_the_ledger(events, since=since)
    assert kept == told
    assert told[0] >= least
