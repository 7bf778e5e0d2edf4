"""Tells whether the weights of a loaded run have been written to: some kinds map them into memory.

A kind that maps its weights would answer differently from then on, without a word.
"""

import contextlib
import hashlib
import os
from io import BufferedReader
from pathlib import Path

from seeds.base.records import read_object
from training.runs.facts import RESTORE

_SUFFIXES = (".safetensors", ".onnx")


class LoadedWeights:
    """The files with the weights of a run, open since before it was loaded.

    A file that another one replaced, or that was removed, is still the one that was loaded.
    """

    def __init__(self, run: Path) -> None:
        """Open the files; the run is loaded, and checked against its manifest, afterwards."""
        self._run = run
        self._files: dict[Path, BufferedReader] = {}
        for path in sorted(run.rglob("*")):
            if path.suffix in _SUFFIXES:
                with contextlib.suppress(OSError):  # loading the run says what is wrong
                    self._files[path] = path.open("rb")
        self._stamps = {path: _stamp(file) for path, file in self._files.items()}
        self._hashes: dict[Path, str] = {}

    def note_hashes(self) -> None:
        """Read from the manifest what each file held when the run was loaded."""
        manifest = read_object(self._run / "manifest.json", RESTORE)
        self._hashes = {
            path: manifest.get(path.relative_to(self._run).as_posix(), "") for path in self._files
        }

    def find_altered(self) -> Path | None:
        """Return a file that no longer holds what was loaded, if there is one."""
        for path, file in self._files.items():
            stamp = _stamp(file)
            if stamp == self._stamps[path]:
                continue
            file.seek(0)
            if hashlib.file_digest(file, "sha256").hexdigest() != self._hashes[path]:
                return path
            self._stamps[path] = stamp
        return None


def _stamp(file: BufferedReader) -> tuple[int, int, int]:
    """Return what changes whenever a file is written to; all but its content may change it, too."""
    facts = os.fstat(file.fileno())
    return facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns
