"""The articles that get no suggestion, as the files of the workspace say now."""

import asyncio
from pathlib import Path

from classify.workspace.sending.suggestions import read_blind_ids

_FILES = ("split.json", "documents.jsonl")


class BlindArticles:
    """The blind articles of a workspace, read again when its files have changed."""

    def __init__(self, workspace: Path) -> None:
        """Set up; nothing is read yet."""
        self._workspace = workspace
        self._state: tuple[tuple[int, int], ...] | None = None
        self._ids: frozenset[str] = frozenset()
        self._reading = asyncio.Lock()

    async def ids(self) -> frozenset[str]:
        """Return their ids.

        Raises:
            InputError: a file can't be read, so that no article may get a suggestion.
        """
        async with self._reading:
            state = tuple(_state_of(self._workspace / name) for name in _FILES)
            if state != self._state:
                self._ids = await asyncio.to_thread(read_blind_ids, self._workspace)
                self._state = state
        return self._ids


def _state_of(path: Path) -> tuple[int, int]:
    """Return what changes with a file: its time and size; zeros without it."""
    try:
        facts = path.stat()
    except OSError:
        return 0, 0
    return facts.st_mtime_ns, facts.st_size
