"""Two colleagues at a sandbox company, and hand-overs between them whose clock a test turns."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from communities.models import HandoverItem, HandoverJob
from communities.services.handover import driving, starting
from members import identities
from stores.models import Staff
from tests.factories import StaffFactory
from tests.mirror.mirroring import Mirror, staff
from wecom.gateway import WeCom, wecom

DAY = 86_400


class Killed(BaseException):
    """As kill -9: nothing of ours runs after it."""


def external(item: HandoverItem) -> str:
    return identities.decrypt(item.value_encrypted)


@dataclass
class Handing:
    """`job` moves from manager0001 to manager0002; `clock` is ours, WeCom's is turned with it by `later`."""

    mirror: Mirror
    now: datetime = field(default_factory=timezone.now)
    job: HandoverJob | None = None

    def clock(self) -> datetime:
        return self.now

    def start(self, *, giver: str = "manager0001", taker: Staff | None = None, **wish: Any) -> HandoverJob:
        known = Staff.objects.filter(wecom_userid=giver).first()
        self.job = starting.start_handover(
            giver_userid=giver, giver=known, taker=taker or staff("manager0002"), by=StaffFactory(), at=self.now,
            **{"customers": True, "groups": True, "codes": True, "message": ""} | wish,
        )  # fmt: skip
        return self.job

    def go(self, gateway: WeCom | None = None) -> HandoverJob:
        """One turn of a worker, whatever its time."""
        HandoverJob.objects.filter(pk=self.job.pk, finished_at=None).update(next_at=self.now)
        driving.advance_handover(job_id=self.job.pk, gateway=gateway or wecom(), clock=self.clock)
        self.job = HandoverJob.objects.get(pk=self.job.pk)
        return self.job

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.mirror.company.advance(seconds)
        self.mirror.company.control("deliver")

    def states(self, kind: str = "customer") -> dict[str, int]:
        found: dict[str, int] = {}
        for state in HandoverItem.objects.filter(job=self.job, kind=kind).values_list("state", flat=True):
            found[state] = found.get(state, 0) + 1
        return found

    def calls(self, api: str) -> int:
        return sum(e["name"] == api for e in self.mirror.company.see("ledger", kind="api", name=api)["entries"])
