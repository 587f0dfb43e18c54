"""Fresh Python processes that see nothing of ours in their environment but what a test gives them."""

import base64
import os
import secrets
import subprocess
import sys

from django.conf import settings

# A production environment with nothing wrong in it; its servers do not exist.
SAFE = {
    "ENV": "production",
    "SECRET_KEY": secrets.token_urlsafe(60),
    "IDENTITY_KEYS": "2:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "IDENTITY_HASH_KEY": secrets.token_urlsafe(40),
    "ALLOWED_HOSTS": "dianquan.example,.shops.example",
    "DATABASE_URL": "postgresql://dianquan:pass@db.example:5432/dianquan?sslmode=require",
    "REDIS_URL": "rediss://:pass@redis.example:6380/1",
}


def in_a_fresh_process(*command, **variables):
    """Run Python with nothing of ours in its environment but the given variables."""
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return subprocess.run(
        [sys.executable, *command], env=inherited | variables, capture_output=True, text=True, timeout=120, check=False,
        cwd=settings.BASE_DIR,
    )  # fmt: skip
