"""One slot from plan to evidence, by hand: what beat and workers do minute by minute, in one go as of a moment."""

from dataclasses import dataclass
from datetime import date, datetime

from communities.models import PostTask, Slot, SlotCard
from communities.services.cadence import broadcasting, closing, polling, releasing, reminding
from communities.services.cadence.broadcasting import Made
from communities.services.cadence.closing import Closed
from communities.services.cadence.materialising import Materialised, materialise
from communities.services.cadence.releasing import Released
from communities.services.cadence.timing import shards
from wecom.gateway import WeCom


@dataclass(frozen=True, slots=True)
class SlotRun:
    """What one run of a slot did. `materialised` is None where the day's posts existed."""

    materialised: Materialised | None
    released: Released
    made: Made
    cards: dict[SlotCard.State, int]
    polled: int
    closed: Closed


def run_slot(*, day: date, slot: Slot, at: datetime, gateway: WeCom | None) -> SlotRun:
    """Do whatever a slot owes by a moment; a repeated run does what is still missing. Without WeCom, only our part."""
    materialised = None
    if not PostTask.objects.filter(day=day, slot=slot).exists():
        materialised = materialise(day=day, at=at)
    closed = closing.close(at=at)
    released = Released()
    for part in shards(releasing.due_stores(at=at, slot=slot)):
        released += releasing.release(store_ids=part, at=at)
    reminding.ask_due_cards(at=at)
    made, cards, polled = Made(), dict.fromkeys(SlotCard.State, 0), 0
    if gateway is not None:
        made = broadcasting.make_group_sends(gateway=gateway, clock=lambda: at)
        polled = polling.poll_group_sends(gateway=gateway, clock=lambda: at, slot_number=slot.number)
        cards = reminding.send_cards(gateway=gateway, clock=lambda: at)
        closed += closing.close(at=at)
    return SlotRun(materialised, released, made, cards, polled, closed)
