"""The company of WeCom that a running demo plays, known to every other terminal of the checkout.

`make demo` writes the variables of its sandbox to a file which it holds locked for as long as it lives. Settings read
them where nothing is configured: ENV is development and neither DATABASE_URL nor REDIS_URL nor any WECOM_ variable is
set. That is exactly when a second terminal uses the demo's PostgreSQL and Valkey too. What a dead demo left is ignored.
"""

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping

from config import embedded

FILE = embedded.LOCAL / "demo-wecom.json"
_PREFIX = "WECOM_"


def variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The WECOM_ variables of the demo that runs now; none beside a configuration of one's own."""
    configured = [name for name, value in environ.items() if value.strip() and name.startswith(_PREFIX)]
    configured += [name for name in embedded.VARIABLES.values() if environ.get(name)]
    if configured or environ.get("ENV", "").strip() not in {"", "development"}:
        return {}
    with contextlib.suppress(OSError), FILE.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:  # its demo lives
            found: dict[str, str] = json.load(file)
            return found
    return {}


@contextlib.contextmanager
def shared(company: Mapping[str, str]) -> Iterator[None]:
    """Let other terminals know these variables. Only the one demo of a checkout may call this."""
    number, name = tempfile.mkstemp(dir=embedded.LOCAL, prefix="demo-wecom-")  # for this user's eyes alone
    with os.fdopen(number, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump(dict(company), file)
        file.flush()
        os.replace(name, FILE)  # noqa: PTH105 -- locked and whole before anybody sees it
        try:
            yield
        finally:
            FILE.unlink(missing_ok=True)
