"""Tables of the metrics, by use case."""

from metrics.models.alerts import Alert, AlertRule, Digest, DigestSetting
from metrics.models.cases import Case, CaseCopy
from metrics.models.experiments import Experiment, ExperimentArm, ExperimentAssignment
from metrics.models.goals import Goal, LeaguePlace, Recognition
from metrics.models.keeping import ExportJob, SavedView
from metrics.models.lifts import LiftStudy
from metrics.models.passes import DirtyDay, OwnerDay, RolledDay, TallyDifference
from metrics.models.slots import SlotTally
from metrics.models.tallies import CampaignTally, CodeTally, GroupTally, StaffTally, StoreTally

__all__ = [
    "Alert", "AlertRule", "CampaignTally", "Case", "CaseCopy", "CodeTally", "Digest", "DigestSetting", "DirtyDay",
    "Experiment", "ExperimentArm", "ExperimentAssignment", "ExportJob", "Goal", "GroupTally", "LeaguePlace",
    "LiftStudy", "OwnerDay", "Recognition", "RolledDay", "SavedView", "SlotTally", "StaffTally", "StoreTally",
    "TallyDifference",
]  # fmt: skip
