"""Tables of the communities, by use case."""

from communities.models.codes import CodeAdd, CodeAlert, CodeBatch, CodeScan, EntryCode
from communities.models.groups import CustomerGroup, GroupMembership
from communities.models.welcome import WelcomeOutcome, WelcomeText

__all__ = [
    "CodeAdd", "CodeAlert", "CodeBatch", "CodeScan", "CustomerGroup", "EntryCode", "GroupMembership", "WelcomeOutcome",
    "WelcomeText",
]  # fmt: skip
