"""What happens by itself as time passes: transfers complete, and the steps of a scenario fall due."""

import json

import structlog

from wecom.sandbox.store import Store
from wecom.sandbox.world import handover
from wecom.sandbox.world.errors import Impossible

logger = structlog.get_logger(__name__)
_STEPS_AT_ONCE = 50


def settle(store: Store) -> bool:
    """Carry out what is due by the company's clock; whether anything was."""
    busy = handover.complete_due(store)
    from wecom.sandbox.world import actions

    due = store.all("SELECT * FROM step WHERE due <= ? ORDER BY due, id LIMIT ?", store.now(), _STEPS_AT_ONCE)
    for row in due:
        store.run("DELETE FROM step WHERE id = ?", row["id"])
        try:
            with store.transaction():
                actions.perform(store, row["action"], json.loads(row["arguments"]))
        except Impossible as refusal:
            # People try things that do not work: a full group, a contact who has left.
            logger.info("sandbox_step_impossible", action=row["action"], reason=str(refusal))
    return busy or bool(due)
