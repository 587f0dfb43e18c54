"""Tables of the communities, by use case."""

from communities.models.codes import CodeAdd, CodeAlert, CodeBatch, CodeScan, EntryCode
from communities.models.welcome import WelcomeOutcome, WelcomeText

__all__ = ["CodeAdd", "CodeAlert", "CodeBatch", "CodeScan", "EntryCode", "WelcomeOutcome", "WelcomeText"]
