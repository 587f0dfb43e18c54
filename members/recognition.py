"""Who became known: apps above register here to hear which people of WeCom are members now.

Told after the commit, and told again by nobody: whoever must not miss it looks for himself at night.
"""

from collections.abc import Callable, Mapping

# The keyed hash of an external_userid → the member whose it is.
Listener = Callable[[Mapping[bytes, int]], object]

_listeners: dict[str, Listener] = {}


def register(key: str, listener: Listener) -> None:
    """Call from `AppConfig.ready()`."""
    _listeners[key] = listener


def announce(found: Mapping[bytes, int]) -> None:
    for listener in _listeners.values():
        listener(found)
