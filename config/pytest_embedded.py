"""A pytest plugin: every test run gets its own throw-away PostgreSQL and Valkey.

Loaded with `-p` because pytest-django reads the settings before any conftest runs.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_services = None

os.environ.setdefault("ENV", "test")
if "PYTEST_XDIST_WORKER" not in os.environ:
    from config import embedded

    if not embedded.configured():
        _folder = Path(tempfile.mkdtemp(prefix="dqt-"))
        _folder.chmod(0o755)
        _services = embedded.Services(_folder, throwaway=True).start()
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = embedded.urls(_folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers this run started; xdist workers only borrow them."""
    if _services is not None and not hasattr(config, "workerinput"):
        _services.stop()
        shutil.rmtree(_services.data, ignore_errors=True)
