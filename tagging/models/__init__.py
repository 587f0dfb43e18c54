"""Tags of every kind: what things taste like, what members like and are worth, and what to say and offer them."""

from tagging.models.scripts import Complaint, MemberFact, ScriptTemplate, Talk, Touch
from tagging.models.segments import MemberTag, Segment, SegmentSnapshot, SnapshotMember, Tag
from tagging.models.taste import AXIS_LIMIT, MemberTaste, Recommendation, RecommenderModel, TasteAxis, TasteReading
from tagging.models.values import MemberValue, ValueModel

__all__ = [
    "AXIS_LIMIT", "Complaint", "MemberFact", "MemberTag", "MemberTaste", "MemberValue", "Recommendation",
    "RecommenderModel", "ScriptTemplate", "Segment", "SegmentSnapshot", "SnapshotMember", "Tag", "Talk", "TasteAxis",
    "TasteReading", "Touch", "ValueModel",
]  # fmt: skip
