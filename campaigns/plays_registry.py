"""What each play adds to an order's life. Plays subclass `PlayRules` and register in `AppConfig.ready()`.

Every hook runs inside the transaction that decides, with the order's row locked, before goods are locked. A hook may
lock rows of its own play (a team), but no other order and no stock: whoever locks an order first and a team second
never meets somebody who does it the other way round. A sweep over teams therefore decides the team, commits, and
only then walks through its orders. Hooks never touch money but through `services.refunding.decide_refund`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from campaigns.models import Campaign, CampaignItem, ChainUnit, ItemStock, Order
from members.models import Member
from stores.models import Store


@dataclass(slots=True)
class ClaimLine:
    """One thing wanted; `price_fen` is what one costs and may be set by the play."""

    item: CampaignItem
    stock: ItemStock
    quantity: int
    price_fen: int
    unit: ChainUnit | None = None


@dataclass(slots=True)
class Claim:
    """A reservation in the making: what a play may look at, reprice or refuse.

    `extra` is what the member's page sent for the play alone (a team's token, a referral's token); untrusted.
    """

    campaign: Campaign
    store: Store
    member: Member | None
    lines: list[ClaimLine]
    settling: str
    fulfilment: str
    at: datetime
    freight_fen: int = 0
    extra: Mapping[str, str] = field(default_factory=dict)
    recipient: bytes | None = None  # encrypted

    @property
    def goods_fen(self) -> int:
        """What the goods cost together."""
        return sum(line.quantity * line.price_fen for line in self.lines)


class Verdict(Enum):
    """What a play makes of a payment that came in."""

    CONFIRM = "confirm"  # the goods are the member's
    WAIT = "wait"  # paid, and something else must happen first (a team must form)
    REFUND = "refund"  # there is no place for it; order ended, money back by itself


class PlayRules:
    """A play without rules of its own; each hook may raise a `CampaignRefusal` where it says so."""

    def before_reserve(self, claim: Claim) -> None:
        """Look at, reprice or refuse a claim; nothing is written or locked yet. May refuse."""

    def on_reserved(self, order: Order, claim: Claim) -> None:
        """Write the play's own rows for a new order (a seat). May refuse: then nothing was written at all."""

    def on_paid(self, order: Order, *, at: datetime) -> Verdict:
        """Decide over money that came in. An order may come here again after it lapsed: its seat may be gone."""
        return Verdict.CONFIRM

    def on_lapsed(self, order: Order, *, at: datetime) -> None:
        """The hold ran out unpaid; its goods are free again."""

    def on_cancelled(self, order: Order, *, at: datetime) -> None:
        """Ended before hand-over, by whomever; its refund, if it was paid, is decided."""

    def on_completed(self, order: Order, *, at: datetime) -> None:
        """Handed over, and the time for complaints has passed."""

    def on_returned(self, order: Order, *, at: datetime) -> None:
        """Money went back, or will, after hand-over; `order.state` tells whether all of it."""

    def problems(self, campaign: Campaign) -> list[str]:
        """Why a campaign of this play may not be published, one Chinese sentence each."""
        return []


_plays: dict[str, PlayRules] = {}
_NONE = PlayRules()


def register(play: str, rules: PlayRules) -> None:
    """Give a play (`Campaign.Play`) its rules."""
    _plays[play] = rules


def rules_of(campaign: Campaign) -> PlayRules:
    """The rules of a campaign's play."""
    return _plays.get(campaign.play, _NONE)
