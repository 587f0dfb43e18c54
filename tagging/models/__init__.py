"""Tags of every kind: what things taste like, what members like and are worth, and what to say and offer them."""

from tagging.models.scripts import Complaint, MemberFact, ScriptTemplate, Talk, Touch
from tagging.models.taste import AXIS_LIMIT, MemberTaste, Recommendation, RecommenderModel, TasteAxis, TasteReading
from tagging.models.values import MemberValue, ValueModel

__all__ = [
    "AXIS_LIMIT", "Complaint", "MemberFact", "MemberTaste", "MemberValue", "Recommendation", "RecommenderModel",
    "ScriptTemplate", "Talk", "TasteAxis", "TasteReading", "Touch", "ValueModel",
]  # fmt: skip
