"""Tables of the campaigns, by use case."""

from campaigns.models.campaigns import Board, Campaign, CampaignItem, CampaignPost, ItemStock, new_token
from campaigns.models.money import BillDifference, HandRefund, LedgerEntry, Payment, PaymentNotice, Refund
from campaigns.models.orders import ChainEntry, ChainUnit, Order, OrderLine, WaitEntry
from campaigns.models.plays import (
    FirstOrder,
    FirstOrderTrace,
    GroupBuySeat,
    GroupBuyTeam,
    GroupBuyTerms,
    OneYuanTerms,
    Referral,
    ReferralUse,
)
from campaigns.models.sandbox import SandboxRefund, SandboxTrade

__all__ = [
    "BillDifference", "Board", "Campaign", "CampaignItem", "CampaignPost", "ChainEntry", "ChainUnit", "FirstOrder",
    "FirstOrderTrace", "GroupBuySeat", "GroupBuyTeam", "GroupBuyTerms", "HandRefund", "ItemStock", "LedgerEntry",
    "OneYuanTerms", "Order", "OrderLine", "Payment", "PaymentNotice", "Referral", "ReferralUse", "Refund",
    "SandboxRefund", "SandboxTrade", "WaitEntry", "new_token",
]  # fmt: skip
