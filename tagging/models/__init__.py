"""Tags of every kind: what things taste like, what members like, and what to offer them."""

from tagging.models.taste import AXIS_LIMIT, MemberTaste, Recommendation, RecommenderModel, TasteAxis, TasteReading

__all__ = ["AXIS_LIMIT", "MemberTaste", "Recommendation", "RecommenderModel", "TasteAxis", "TasteReading"]
