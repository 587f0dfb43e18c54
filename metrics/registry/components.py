"""What metrics are made of: the columns of the daily tallies, and over what part of a period each is read."""

from enum import Enum

from django.db.models import IntegerField, Model

from metrics.models import CampaignTally, CodeTally, GroupTally, StaffTally, StoreTally


class Grain(Enum):
    """Whose day a row is."""

    STORE = "store"
    GROUP = "group"
    STAFF = "staff"
    CAMPAIGN = "campaign"
    CODE = "code"

    @property
    def label(self) -> str:
        return {"store": "门店", "group": "群", "staff": "员工", "campaign": "活动", "code": "渠道码"}[self.value]


TABLES: dict[Grain, type[Model]] = {
    Grain.STORE: StoreTally,
    Grain.GROUP: GroupTally,
    Grain.STAFF: StaffTally,
    Grain.CAMPAIGN: CampaignTally,
    Grain.CODE: CodeTally,
}

# Read at a period's first day.
OPENINGS = frozenset({"members_start"})
# Read at a period's last day; all others add up over its days.
STANDINGS = frozenset(
    {
        "members_end", "people_end", "prefill_members", "active_30d", "interested_30d", "members_spend_30d_fen",
        "orders_30d", "buyers_30d", "repeat_buyers_30d", "buyers_spend_30d_fen", "valued_members", "ltv_fen",
    }
)  # fmt: skip


def labels(grain: Grain) -> dict[str, str]:
    """The components of a grain with their Chinese names, in the order of the table."""
    return {
        field.name: str(field.verbose_name)
        for field in TABLES[grain]._meta.concrete_fields  # noqa: SLF001 -- Django's documented API of a model
        if isinstance(field, IntegerField) and not field.primary_key and not field.is_relation
    }


COMPONENTS: dict[Grain, frozenset[str]] = {grain: frozenset(labels(grain)) for grain in Grain}
LABELS: dict[str, str] = {name: label for grain in reversed(Grain) for name, label in labels(grain).items()}
