"""Why a change of the plan was refused, in words for HQ."""


class PlanRefused(Exception):
    """The change is not possible; the message says why."""


class DraftGone(PlanRefused):
    """There is no draft any more: somebody published or discarded it."""

    def __init__(self) -> None:
        super().__init__("草稿刚刚被别人发布或丢弃了，请刷新后再看")


class PlanChanged(PlanRefused):
    """Somebody changed what this change was based on."""
