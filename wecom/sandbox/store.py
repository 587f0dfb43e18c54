"""The state of the simulated company: one SQLite file, one writer, every answer committed before it leaves."""

import contextlib
import hashlib
import json
import sqlite3
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from wecom.sandbox.schema import TABLES
from wecom.sandbox.settings import DEFAULTS, checked

Row = sqlite3.Row
_KEPT = {"ledger": 200_000, "counter": 50_000}


class Store:
    """Reads and writes go through `all`, `one`, `value` and `run`, inside `transaction`.

    :param clock: the real time in Unix seconds; the company's own clock is this plus a settable offset.
    """

    def __init__(self, path: Path | str, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        # One thread at a time uses it: the event loop's.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;" + TABLES)
        self._settings: dict[str, Any] = {}
        self._reload()

    def close(self) -> None:
        self._db.close()

    # ---- time -----------------------------------------------------------------------------------------------
    def now(self) -> float:
        """The company's clock: it can be advanced, or stand still."""
        frozen = self._settings.get("frozen_at")
        return float(frozen) if frozen is not None else self._clock() + float(self._settings.get("offset", 0))

    def advance(self, seconds: float) -> None:
        name = "frozen_at" if self._settings.get("frozen_at") is not None else "offset"
        self._write_setting(name, float(self._settings.get(name) or 0) + seconds)

    def freeze(self, at: float | None) -> None:
        """Let the clock stand at a moment; None lets it run on from there."""
        if at is None and self._settings.get("frozen_at") is not None:
            self._write_setting("offset", self.now() - self._clock())
        self._write_setting("frozen_at", at)

    def keep_real_time(self) -> None:
        """Neither stand still nor be ahead or behind any more."""
        self._write_setting("frozen_at", None)
        self._write_setting("offset", 0)

    # ---- settings -------------------------------------------------------------------------------------------
    def setting(self, name: str) -> Any:
        default = DEFAULTS[name]
        value = self._settings.get(name, default)
        return {**default, **value} if isinstance(default, dict) else value

    def settings(self) -> dict[str, Any]:
        return {name: self.setting(name) for name in DEFAULTS}

    def change_settings(self, changes: dict[str, Any]) -> None:
        """:raises UnknownSetting:"""
        for name, value in checked(changes).items():
            nested = isinstance(DEFAULTS[name], dict)
            self._write_setting(name, {**self.setting(name), **value} if nested else value)

    def _write_setting(self, name: str, value: Any) -> None:
        self.run("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, json.dumps(value))
        self._settings[name] = value

    def _reload(self) -> None:
        self._settings = {row["name"]: json.loads(row["value"]) for row in self.all("SELECT * FROM setting")}

    # ---- SQL ------------------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept together or not at all; inner ones roll back alone."""
        inner = self._db.in_transaction
        self._db.execute("SAVEPOINT part" if inner else "BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO part" if inner else "ROLLBACK")
            if inner:
                self._db.execute("RELEASE part")
            self._reload()
            raise
        self._db.execute("RELEASE part" if inner else "COMMIT")

    def all(self, sql: str, *values: Any) -> list[Row]:
        return self._db.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Row | None:
        row: Row | None = self._db.execute(sql, values).fetchone()
        return row

    def value(self, sql: str, *values: Any) -> Any:
        row = self.one(sql, *values)
        return None if row is None else row[0]

    def run(self, sql: str, *values: Any) -> int:
        """The number of rows changed."""
        return self._db.execute(sql, values).rowcount

    def insert(self, sql: str, *values: Any) -> int:
        """The id of the new row."""
        return int(self._db.execute(sql, values).lastrowid or 0)

    def run_many(self, sql: str, rows: Sequence[tuple[Any, ...]] | Iterator[tuple[Any, ...]]) -> None:
        self._db.executemany(sql, rows)

    def erase(self) -> None:
        """Forget everything, settings too."""
        for row in self.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
            self.run(f'DELETE FROM "{row["name"]}"')  # noqa: S608 -- names from our own schema
        self._settings = {}

    # ---- documents, ids, counters ---------------------------------------------------------------------------
    def document(self, kind: str, key: str) -> dict[str, Any] | None:
        body = self.value("SELECT body FROM document WHERE kind = ? AND id = ?", kind, key)
        found: dict[str, Any] | None = None if body is None else json.loads(body)
        return found

    def documents(self, kind: str) -> list[dict[str, Any]]:
        rows = self.all("SELECT body FROM document WHERE kind = ? ORDER BY created, id", kind)
        return [json.loads(row["body"]) for row in rows]

    def keep(self, kind: str, key: str, body: dict[str, Any]) -> None:
        """Insert or replace a document; `created` stays."""
        self.run(
            "INSERT INTO document VALUES (?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            kind, key, json.dumps(body, ensure_ascii=False), int(self.now()),
        )  # fmt: skip

    def drop(self, kind: str, key: str) -> bool:
        return self.run("DELETE FROM document WHERE kind = ? AND id = ?", kind, key) > 0

    def new_id(self, prefix: str, length: int = 30) -> str:
        """An identifier nobody has had, the same in every run that does the same."""
        number = self.count(f"id:{prefix}", 0)
        return prefix + scrambled(f"{prefix}:{number}", length)

    def count(self, name: str, window: int, by: int = 1) -> int:
        """Add to a counter and return its new value."""
        return int(self.value(
            "INSERT INTO counter VALUES (?, ?, ?) ON CONFLICT (name, window)"
            " DO UPDATE SET count = count + excluded.count RETURNING count", name, window, by,
        ))  # fmt: skip

    def note(self, *, kind: str, name: str, request: Any, answer: Any, errcode: int = 0) -> None:
        """Write down what was sent or received."""
        texts = (item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in (request, answer))
        newest = self.insert(
            "INSERT INTO ledger (at, kind, name, request, answer, errcode) VALUES (?, ?, ?, ?, ?, ?)",
            int(self.now()), kind, name, *(text[:4_000] for text in texts), errcode,
        )  # fmt: skip
        if newest % 1_000 == 0:
            self.run("DELETE FROM ledger WHERE id <= ?", newest - _KEPT["ledger"])
            self.run("DELETE FROM counter WHERE window > 0 AND window < ?", int(self.now()) - 40 * 86_400)


def scrambled(seed: str, length: int) -> str:
    """Letters, digits, - and _ that look random and depend on the seed alone."""
    return urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()).decode()[:length]
