"""What a campaign refuses, in words a member or a colleague can read: `str(error)` goes on the page."""

from campaigns.models import CampaignItem


class CampaignRefusal(Exception):
    """Something asked of a campaign that will not be done; nothing moved."""


class CampaignClosed(CampaignRefusal):
    """It has not begun, is over, paused, stopped, or its budget is spent."""


class SoldOut(CampaignRefusal):
    """Less is left of an item than was wanted."""

    def __init__(self, item: CampaignItem) -> None:
        super().__init__(f"{item.name}已经被抢完了")
        self.item = item


class LimitReached(CampaignRefusal):
    """More than one order or one member may have."""

    def __init__(self, item: CampaignItem, limit: int) -> None:
        super().__init__(f"{item.name}每人限购 {limit} 份")
        self.item = item
        self.limit = limit


class NotEligible(CampaignRefusal):
    """Not for her; the message is the reason."""


class UnitTaken(CampaignRefusal):
    """Somebody else was faster with that single piece."""

    def __init__(self) -> None:
        super().__init__("这一件刚刚被别人选走了，换一件吧")


class BadClaim(CampaignRefusal):
    """No page of ours would ask this: a forged, stale or mistaken request. Leaves an audit entry."""


class OrderRefusal(CampaignRefusal):
    """What was asked of an order does not fit its state."""


class RefundTooLarge(CampaignRefusal):
    """More than was paid and has not been promised back yet."""


class WrongAmount(CampaignRefusal):
    """The provider tells of another sum than we asked for."""


class Frozen(CampaignRefusal):
    """Somebody has claimed: price and limits stand as they were shown."""

    def __init__(self) -> None:
        super().__init__("已经有人下单，价格和限购不能再改")


class NotCompliant(CampaignRefusal):
    """The campaign may not be published; `problems` says why, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = problems
