"""Taking a confirmed paste into the list: what is new is added, what changed is amended, nothing else is touched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from campaigns.errors import CampaignRefusal
from campaigns.models import Campaign, ChainEntry, Order
from campaigns.services.cancelling import cancel_order
from campaigns.services.claiming import Wanted, reserve
from members.models import Member
from stores.models import Staff, Store
from stores.services.auditing import audit


@dataclass(frozen=True, slots=True)
class Confirmed:
    """One line as somebody confirmed it. `entry` is the earlier one it amends; without `wanted` that is taken back."""

    raw: str
    name: str
    wanted: Sequence[Wanted]
    member: Member | None = None
    confidence: int = 100
    note: str = ""
    entry: ChainEntry | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a paste; `refused` says for each line that could not be taken why."""

    added: int
    amended: int
    cancelled: int
    refused: list[str]


def take_pasted(
    *, campaign: Campaign, store: Store, lines: Sequence[Confirmed], batch: str, by: Staff, at: datetime
) -> Taken:
    """Make entries of confirmed lines, each in its own transaction; the same `batch` twice adds nothing twice.

    An amended entry ends and its person joins anew in one transaction: if there is not enough for the change, the
    entry stays as it was. Everything is paid at the shop.
    """
    counts = {"added": 0, "amended": 0, "cancelled": 0}
    refused: list[str] = []
    for place, line in enumerate(lines):
        try:
            counts[_take(campaign, store, line, f"paste:{batch}:{place}", at)] += 1
        except CampaignRefusal as refusal:
            refused.append(f"{line.raw.strip()[:40]}：{refusal}")
    audit(
        actor=by, action="campaign.list_pasted", target=f"campaign:{campaign.pk}", store=store, at=at,
        detail=counts | {"refused": len(refused)},
    )  # fmt: skip
    return Taken(**counts, refused=refused)


@transaction.atomic
def _take(campaign: Campaign, store: Store, line: Confirmed, key: str, at: datetime) -> str:
    if line.entry is not None:
        order = line.entry.order
        if not line.wanted:
            cancel_order(order=order, reason="群里取消", cause="pasted", at=at)
            return "cancelled"
        if order.state == Order.State.CANCELLED:  # this very batch, sent twice
            return "amended"
        cancel_order(order=order, reason="群里改单", cause="amended", at=at)
    made = reserve(
        campaign=campaign, store=store, member=line.member, wanted=line.wanted, request_key=key,
        settling=Order.Settling.SHOP, name=line.name, note=line.note, link="paste", at=at,
    )  # fmt: skip
    ChainEntry.objects.filter(order=made).update(raw=line.raw[:500], confidence=line.confidence)
    return "added" if line.entry is None else "amended"
