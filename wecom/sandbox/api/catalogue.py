"""Imports every module that registers APIs."""

from importlib import import_module

MODULES = (
    "tokens", "contacts", "customers", "tags", "groups", "codes", "welcome", "groupsend", "sendresults", "moments",
    "statistics", "transfers", "messages", "media", "identity",
)  # fmt: skip


def load() -> None:
    for name in MODULES:
        import_module(f"wecom.sandbox.api.{name}")
