"""Do a write once, however often it is asked for under one key; the answer is kept a day and given again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from stores.models import ApiToken, IdempotentAnswer

KEPT = timedelta(days=1)
_PATIENCE = "5s"
# A row whose day is over is taken anew. Whoever comes second waits here until the first has committed or given up.
_TAKE = """
    INSERT INTO stores_idempotentanswer AS a (token_id, key, digest, status, body, expires_at)
    VALUES (%(token)s, %(key)s, %(digest)s, 0, NULL, %(expires)s)
    ON CONFLICT (token_id, key) DO UPDATE SET digest = excluded.digest, status = 0, body = NULL,
                                              expires_at = excluded.expires_at
    WHERE a.expires_at <= %(at)s
    RETURNING a.id
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller is told: an HTTP status and a body of JSON values."""

    status: int
    body: Any
    replayed: bool = False


class KeyReused(Exception):
    """The key belongs to another request."""


class StillRunning(Exception):
    """The first request with this key has not ended within five seconds."""


@transaction.atomic
def once(*, token: ApiToken, key: str, digest: bytes, at: datetime, work: Callable[[], Answer]) -> Answer:
    """Do the work, or give the answer it had the first time; work and answer are committed together.

    What the work raises undoes both, so the same key may try again.

    :raises KeyReused: the digest (of method, path and body) is not that of the first request
    :raises StillRunning: it is being done at this moment
    """
    row = _take(token=token, key=key, digest=digest, at=at)
    if row is None:
        known = IdempotentAnswer.objects.get(token=token, key=key)
        if bytes(known.digest) != digest:
            raise KeyReused
        return Answer(known.status, known.body, replayed=True)
    answer = work()
    IdempotentAnswer.objects.filter(pk=row).update(status=answer.status, body=answer.body)
    return answer


def _take(*, token: ApiToken, key: str, digest: bytes, at: datetime) -> int | None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)", [_PATIENCE])
            before = cursor.fetchone()[0]
            cursor.execute(
                _TAKE, {"token": token.pk, "key": key, "digest": digest, "at": at, "expires": at + KEPT}
            )  # fmt: skip
            row = cursor.fetchone()
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise StillRunning from None
        raise
    return None if row is None else int(row[0])


def forget_answers(*, at: datetime) -> int:
    """Delete the answers whose day is over. Returns how many."""
    return IdempotentAnswer.objects.filter(expires_at__lte=at).delete()[0]
