"""A worker whose children release what is due, and may be killed at any point; a fork each, so dying is cheap.

Reads moments from its input, one a line; says the number of the child that works as of one, and how it ended.
"""

import os
import sys
from datetime import datetime

import django


def work(at: datetime) -> None:
    """What sweep and workers do in a minute."""
    from communities.services.cadence import broadcasting, releasing, reminding
    from communities.services.cadence.timing import shards
    from wecom.gateway import wecom

    for part in shards(releasing.due_stores(at=at)):
        releasing.release(store_ids=part, at=at)
    broadcasting.make_group_sends(gateway=wecom(), clock=lambda: at)
    reminding.send_cards(gateway=wecom(), clock=lambda: at)


def tell(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    django.setup()
    tell("ready")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            work(datetime.fromisoformat(line.strip()))
            os._exit(0)
        tell(child)
        tell("killed" if os.WIFSIGNALED(os.waitpid(child, 0)[1]) else "done")
