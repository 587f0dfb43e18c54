"""Tables of the metrics, by use case."""

from metrics.models.passes import DirtyDay, OwnerDay, RolledDay, TallyDifference
from metrics.models.tallies import CampaignTally, CodeTally, GroupTally, StaffTally, StoreTally

__all__ = [
    "CampaignTally", "CodeTally", "DirtyDay", "GroupTally", "OwnerDay", "RolledDay", "StaffTally", "StoreTally",
    "TallyDifference",
]  # fmt: skip
