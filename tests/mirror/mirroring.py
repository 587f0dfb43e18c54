"""A sandbox company, the platform that mirrors it, and the comparison of the two."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from communities.models import CustomerGroup, GroupMembership
from communities.services.people import key_of
from communities.services.reconciling import KINDS, reconcile
from members.models import Contact, Identity, Member
from members.services.wecom_contacts import external_hash
from stores.models import Staff, Store
from tests.wecom.sandbox.company import CORP, Company
from wecom.gateway import wecom
from wecom.models import CallbackJob, Drift, SyncRun
from wecom.services import inbox


@dataclass
class Mirror:
    company: Company
    stores: list[Store]
    seen: int = 0
    told: list[str] = field(default_factory=list)

    def do(self, action: str, **given: Any) -> Any:
        """What a person does, a second after the last thing that happened."""
        self.company.advance(1)
        return self.company.do(action, **given)

    def read_all(self, *kinds: str) -> dict[str, SyncRun]:
        results = reconcile(wecom=wecom(), clock=timezone.now, kinds=kinds or KINDS)
        assert all(isinstance(run, SyncRun) for run in results.values()), results
        return results

    def news(self) -> list[str]:
        """The plaintexts of all events since the last call."""
        found = self.company.see("events", after=self.seen)["events"]
        self.seen = found[-1]["id"] if found else self.seen
        return [event["plaintext"] for event in found]

    def deliver(self, plaintexts: Sequence[str] | None = None) -> None:
        """Bring events through the inbox, in the order given, and work them off."""
        for plaintext in self.news() if plaintexts is None else plaintexts:
            inbox.store_event(plaintext=plaintext, at=timezone.now())
        self.work()

    def work(self) -> None:
        for queue in ("fast", "default"):
            at = timezone.now()
            while CallbackJob.objects.filter(queue=queue, state="waiting").exists():
                while inbox.run_next(queue=queue, at=at):
                    pass
                at += timedelta(hours=9)  # failures wait
            assert not CallbackJob.objects.dead().filter(queue=queue).values_list("handler", "error")

    def shuffled(self, plaintexts: Sequence[str], *, seed: int, loss: float = 0, double: float = 0) -> list[str]:
        dice = random.Random(seed)  # noqa: S311 -- reproducible on purpose
        kept = [one for one in plaintexts if dice.random() >= loss]
        kept += [one for one in kept if dice.random() < double]
        dice.shuffle(kept)
        return kept

    def truth(self) -> dict[str, Any]:
        """What WeCom would show of groups and contacts."""
        groups = {
            chat["chat_id"]: (chat["name"], chat["owner"].lower(), set())
            for chat in self._rows("chat") if not chat["dismissed"]
        }  # fmt: skip
        for one in self._rows("chat_member"):
            who = key_of(number=one["member"], is_staff=one["type"] == 1, corp_id=CORP)
            stay = (who, moment(one["joined"]), one["scene"], one["invitor"].lower(), one["state"])
            groups[one["chat_id"]][2].add(stay)
        contacts = {
            (one["userid"].lower(), external_hash(external_userid=one["contact"], corp_id=CORP)): (
                moment(one["created"]), one["remark"], one["state"],
            )
            for one in self._rows("follow")
        }  # fmt: skip
        return {"groups": groups, "contacts": contacts}

    def ours(self) -> dict[str, Any]:
        """The same, as the platform has it."""
        groups = {row.chat_id: (row.name, row.owner_userid, set()) for row in CustomerGroup.objects.live()}
        for one in GroupMembership.objects.filter(left_at=None).select_related("group"):
            stay = (bytes(one.who), one.joined_at, one.join_scene, one.inviter, one.state)
            groups[one.group.chat_id][2].add(stay)
        ids: dict[int, list[bytes]] = {}
        for member, value in Identity.objects.filter(kind="external_userid").values_list("member_id", "value_hash"):
            ids.setdefault(member, []).append(bytes(value))
        contacts = {
            (row.staff.wecom_userid, who): (row.added_at, row.remark, row.state)
            for row in Contact.objects.filter(ended_at=None).select_related("staff")
            for who in ids[row.member_id]
        }
        return {"groups": groups, "contacts": contacts}

    def _rows(self, table: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while page := self.company.see("rows", table=table, offset=len(found))["rows"]:
            found += page
        return found


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def drift_of(run: SyncRun) -> dict[str, int]:
    return dict(Drift.objects.filter(run=run).values_list("kind", "count"))


def staff(userid: str) -> Staff:
    return Staff.objects.get(wecom_userid=userid)


def member_of(external: str) -> Member:
    return Identity.objects.get(value_hash=external_hash(external_userid=external, corp_id=CORP)).member
