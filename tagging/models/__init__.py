"""Tags of every kind: what things taste like, what members like and are worth, and what to say and offer them."""

from tagging.models.mirrored import ContactMarks, MirroredGroup, MirroredTag, TagWord
from tagging.models.questionnaires import Answer, Choice, Question, Questionnaire, Response
from tagging.models.scripts import Complaint, MemberFact, ScriptTemplate, Talk, Touch
from tagging.models.segments import MemberTag, Segment, SegmentSnapshot, SnapshotMember, Tag
from tagging.models.taste import AXIS_LIMIT, MemberTaste, Recommendation, RecommenderModel, TasteAxis, TasteReading
from tagging.models.values import MemberValue, ValueModel

__all__ = [
    "AXIS_LIMIT", "Answer", "Choice", "Complaint", "ContactMarks", "MemberFact", "MemberTag", "MemberTaste",
    "MemberValue", "MirroredGroup", "MirroredTag", "Question", "Questionnaire", "Recommendation", "RecommenderModel",
    "Response", "ScriptTemplate", "Segment", "SegmentSnapshot", "SnapshotMember", "Tag", "TagWord", "Talk", "TasteAxis",
    "TasteReading", "Touch", "ValueModel",
]  # fmt: skip
