"""Vectors of training articles, cached in one SQLite file for all trainings of a user."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from seeds.base.errors import InputError
from training.arrays import Float32Array


class VectorCache:
    """Vectors by key in one SQLite file, shared by all trainings of a user."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the cache at path, else at $XDG_CACHE_HOME/classify/vectors.sqlite."""
        base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        self._path = path or base / "classify" / "vectors.sqlite"

    def read(self, keys: Sequence[str]) -> dict[str, Float32Array]:
        """Return the cached vectors of some keys, float32 (width,) each."""
        with self._open() as database:
            vectors = {}
            for key in keys:
                row = database.execute("SELECT vector FROM vectors WHERE key = ?", [key]).fetchone()
                if row:
                    vectors[key] = np.frombuffer(row[0], np.float32)
        return vectors

    def write(self, vectors: dict[str, Float32Array]) -> None:
        """Add vectors."""
        rows = [(key, vector.astype(np.float32).tobytes()) for key, vector in vectors.items()]
        with self._open() as database:
            database.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self._path, timeout=60)) as database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB)"
                )
                with database:
                    yield database
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                f"{self._path}: {error}. Delete the file; it is only a cache."
            ) from error
