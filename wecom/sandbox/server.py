"""The sandbox as a process."""

import os
from pathlib import Path
from typing import Any

import uvicorn

from wecom.sandbox.app import Sandbox
from wecom.sandbox.store import Store
from wecom.sandbox.world import company as founding
from wecom.sandbox.world import seeding


class NotInProduction(RuntimeError):
    """The sandbox takes secrets from anybody who can reach it."""


def refuse_production() -> None:
    """:raises NotInProduction:"""
    if os.environ.get("ENV", "").strip() == "production":
        raise NotInProduction("ENV=production 时不能运行企业微信沙箱")


def configuration(sandbox: Sandbox, *, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        sandbox, host=host, port=port, lifespan="on", access_log=False, log_level="warning", ws="none",
        timeout_graceful_shutdown=3,
    )  # fmt: skip


def serve(
    *, host: str, port: int, path: Path, settings: dict[str, Any], company: Path | None = None,
    size: dict[str, int] | None = None,
) -> None:  # fmt: skip
    """Run until stopped.

    :param company: a file that tells of a company; one that has nobody yet is filled with it
    :param size: fill a company that has nobody with so many managers, groups and contacts
    :raises NotInProduction:
    :raises Impossible: the file makes no sense, or such a company cannot be
    :raises OSError: the file cannot be read
    """
    refuse_production()
    path.parent.mkdir(parents=True, exist_ok=True)
    store = Store(path)
    try:
        with store.transaction():
            store.change_settings(settings)
            if company and not store.value("SELECT COUNT(*) FROM staff"):
                with company.open(encoding="utf-8") as lines:
                    founding.found(store, lines)
            if size and not store.value("SELECT COUNT(*) FROM staff"):
                seeding.seed(store, **size)
        uvicorn.Server(configuration(Sandbox(store), host=host, port=port)).run()
    finally:
        store.close()
