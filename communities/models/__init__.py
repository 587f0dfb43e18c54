"""Tables of the communities, by use case."""

from communities.models.cards import SlotCard
from communities.models.codes import CodeAdd, CodeAlert, CodeBatch, CodeScan, EntryCode
from communities.models.content import (
    PROMOTIONS,
    Asset,
    BannedWord,
    LintRule,
    Material,
    MaterialAsset,
    MaterialVersion,
    Theme,
)
from communities.models.execution import PostUrge, StoreDay, StoreMonth
from communities.models.feedback import FeedbackDay, MaterialDay, PostResult, SwapSuggestion
from communities.models.groups import CustomerGroup, GroupMembership
from communities.models.handover import HandoverItem, HandoverJob, UnassignedCustomer
from communities.models.links import LinkClick, PostEntry, ShortLink
from communities.models.plan import CalendarDay, CellMaterial, PlanCell, PlanVersion, Slot, SlotHour, StorePost
from communities.models.posts import Broadcast, PostContent, PostEvidence, PostTask
from communities.models.quota import QuotaRule, QuotaUse
from communities.models.welcome import GroupWelcome, WelcomeOutcome, WelcomeText

__all__ = [
    "PROMOTIONS", "Asset", "BannedWord", "Broadcast", "CalendarDay", "CellMaterial", "CodeAdd", "CodeAlert",
    "CodeBatch", "CodeScan", "CustomerGroup", "EntryCode", "FeedbackDay", "GroupMembership", "GroupWelcome",
    "HandoverItem", "HandoverJob", "LinkClick", "LintRule", "Material", "MaterialAsset", "MaterialDay",
    "MaterialVersion", "PlanCell", "PlanVersion", "PostContent", "PostEntry", "PostEvidence", "PostResult", "PostTask",
    "PostUrge", "QuotaRule", "QuotaUse", "ShortLink", "Slot", "SlotCard", "SlotHour", "StoreDay", "StoreMonth",
    "StorePost", "SwapSuggestion", "Theme", "UnassignedCustomer", "WelcomeOutcome", "WelcomeText",
]  # fmt: skip
