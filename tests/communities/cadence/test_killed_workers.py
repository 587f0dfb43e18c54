"""A release survives kill -9 at any point: every post is released once, every group-send and card exists once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.db import connection

from communities.models import Broadcast, CustomerGroup, PostTask, QuotaUse, SlotCard
from communities.services.cadence.materialising import materialise
from stores.models import Staff, Store
from tests.communities.cadence.days import DAY, EVENING, cell, moment, published
from tests.factories import RegionFactory
from tests.wecom.sandbox.company import CORP, SECRET
from wecom.gateway import wecom

# Two thousand take a minute: KILLED_GROUPS=2000 for the whole of it (docs/operations.md), a part of it in every run.
GROUPS = int(os.environ.get("KILLED_GROUPS", "500"))
MANAGERS = GROUPS // 5
STEP = timedelta(minutes=6)  # longer than a dead worker's lease
KILLS = 6


def database_url() -> str:
    known = {"host", "port", "user", "password"}
    parameters = {
        name: str(value) for name, value in connection.get_connection_params().items() if name in known and value
    }
    return f"postgresql:///{connection.settings_dict['NAME']}?{urlencode(parameters, quote_via=quote)}"


def furnish(company) -> None:
    """A chain of stores with five groups each, of which one gets its posts by hand."""
    company.control("reset")
    company.control("settings", token_seconds=10**7)
    company.control("seed", managers=MANAGERS, groups=GROUPS, contacts=0)
    region = RegionFactory()
    stores = Store.objects.bulk_create(Store(code=f"K{n}", name=f"{n}店", region=region) for n in range(MANAGERS))
    place = {f"manager{n + 1:04}": store for n, store in enumerate(stores)}
    Staff.objects.bulk_create(
        Staff(username=userid, wecom_userid=userid, name=userid, role="manager", store=store)
        for userid, store in place.items()
    )
    chats = [row for page in range(0, GROUPS, 1_000) for row in company.see("rows", table="chat", offset=page)["rows"]]
    CustomerGroup.objects.bulk_create(
        CustomerGroup(
            chat_id=chat["chat_id"], owner_userid=chat["owner"], store=place[chat["owner"]],
            kind="flash" if number >= GROUPS - MANAGERS else "daily",
        )
        for number, chat in enumerate(chats)
    )  # fmt: skip
    plan = published()
    cell(plan, 1)
    cell(plan, 1, must_do=False, group_kind="flash")
    materialise(day=DAY, at=EVENING)


def progress() -> int:
    """How far the release is: a post counts once; a group-send and a card, of which there is one in five, thrice."""
    return (
        PostTask.objects.filter(state="released").count()
        + 3 * Broadcast.objects.exclude(attempted_at=None).count()
        + 3 * SlotCard.objects.filter(state="sent").count()
    )


def is_alive(child: int) -> bool:
    try:
        os.kill(child, 0)
    except ProcessLookupError:
        return False
    return True


def rows(company, table):
    found = []
    while page := company.see("rows", table=table, offset=len(found))["rows"]:
        found += page
    return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1])
def test_a_release_survives_being_killed_at_random_points(company, connect, seed):
    connect(company)
    furnish(company)
    dice = random.Random(seed)  # noqa: S311 -- reproducible on purpose
    points = sorted(dice.randrange(GROUPS * 43 // 20) for _ in range(KILLS))
    environment = os.environ | {
        "DATABASE_URL": database_url(), "REDIS_URL": settings.REDIS_URL, "WECOM_CORP_ID": CORP,
        "WECOM_SECRET": SECRET, "WECOM_AGENT_ID": "1000002", "WECOM_API_BASE": company.base,
        "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.communities.cadence.mortal"], cwd=settings.BASE_DIR, env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    ends = Counter()
    try:
        assert worker.stdout.readline() == "ready\n"
        for turn, point in enumerate([*points, None]):
            at = moment(9, 57) + turn * STEP
            company.control("clock", freeze=at.timestamp())
            # The dead hold places among the parallel calls for 90 seconds, of which six minutes are over.
            limiter = wecom().transport.limiter
            limiter._store.delete(limiter._key("places"))
            worker.stdin.write(f"{at.isoformat()}\n")
            worker.stdin.flush()
            child = int(worker.stdout.readline())
            if point is not None:
                while progress() < point and is_alive(child):
                    time.sleep(0.005)
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            ends[worker.stdout.readline().strip()] += 1
    finally:
        worker.stdin.close()
        worker.wait(30)
        worker.stdout.close()

    assert ends["killed"] >= KILLS - 1
    assert Counter(PostTask.objects.values_list("state", flat=True)) == {"released": GROUPS}
    assert Counter(Broadcast.objects.values_list("state", flat=True)) == {"created": MANAGERS}
    assert Counter(row["userid"] for row in rows(company, "send_task")).most_common(1)[0][1] == 1
    assert len(rows(company, "send_task")) == MANAGERS
    reached = Counter(row["recipient"] for row in rows(company, "send_recipient"))
    assert (len(reached), set(reached.values())) == (GROUPS - MANAGERS, {1})
    assert QuotaUse.objects.filter(state="held").count() == GROUPS - MANAGERS
    told = Counter(row["userid"] for row in rows(company, "message"))
    assert (len(told), set(told.values())) == (MANAGERS, {1})
    assert set(Broadcast.objects.values_list("msgid", flat=True)) == {
        row["msgid"] for row in rows(company, "send_task")
    }
