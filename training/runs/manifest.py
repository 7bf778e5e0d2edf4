"""manifest.json: the files of a run, each with its SHA-256; a run holds these and no others.

A run may come from a stranger, manifest and all. So its files have to be of kinds that can do no
harm, and none that a library would look for may lie beside them.
"""

import contextlib
import hashlib
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seeds.base.errors import InputError
from seeds.base.records import read_object
from training.runs.facts import RESTORE

FileState = tuple[int, int, int]  # of a file: its number on the disk, size, time of its last change

_FILE = re.compile(r"(encoder/)?[A-Za-z0-9_][A-Za-z0-9._-]{0,100}")  # at most one folder down
_DIGEST = re.compile(r"[0-9a-f]{64}")
_WEIGHTS = ("model.safetensors", "vectors.safetensors", "model.onnx")
_TEXTS = (".json", ".html", ".md", ".txt", ".model", ".jinja")
# Each names weights elsewhere, which transformers would read in place of the run's.
_POINTERS = (".index.json", "adapter_config.json")
# What file managers and the Hugging Face hub leave there; no library reads it as a model.
_BESIDE = re.compile(r"\.DS_Store|\._.*|Thumbs\.db|desktop\.ini|\.gitattributes|\.git|\.cache")
_LARGEST = 200_000_000  # bytes of a file that is no weights: all of it is read into memory
_SMALL = 1_000_000  # bytes of a file that is checked whole even for a list of all runs
_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
_REQUIRED = (
    "README.md",
    "golden.json",
    "metrics.json",
    "model.json",
    "recipe.json",
    "report.html",
    "rule.json",
    "run.json",
    "split.json",
    "taxonomy.json",
)


def check_names(path: Path) -> dict[str, str]:
    """Compare the files of a run with its manifest by their names alone, and return the manifest.

    Raises:
        InputError: names the first file that is missing, not listed, a link, or of no kind that a
            run has.
    """
    if not is_folder(path):
        raise InputError(f"{path}: no such run. `classify runs list` shows the runs.")
    manifest = _read_manifest(path / "manifest.json")
    with _readable(path):
        for name in manifest:
            if not _FILE.fullmatch(name) or not (path / name).is_file():
                raise InputError(f"{path / name[:200]}: missing from the run. {RESTORE}")
            _check_kind(path, name)
        for name in sorted(_find_files(path, "") - {"manifest.json"}):
            if name not in manifest:
                raise InputError(
                    f"{path / name}: not in the run's manifest.json, so it is no part of the run. "
                    "Move it elsewhere, or restore the run from a copy."
                )
    return manifest


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder.

    Raises:
        InputError: the system can't tell: the name is too long, or reading is not allowed.
    """
    try:
        return path.is_dir()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. Choose another run.") from error


def check_files(path: Path) -> dict[str, FileState]:
    """Compare every file of a run with its manifest, and return the state each was found in.

    Raises:
        InputError: as of `check_names`, or a file is altered.
    """
    manifest = check_names(path)
    return {name: _check_file(path / name, digest) for name, digest in manifest.items()}


def check_small_files(path: Path) -> None:
    """Compare a run with its manifest without reading its weights, of which the length is checked.

    Raises:
        InputError: as of `check_files`.
    """
    for name, digest in check_names(path).items():
        file = path / name
        with _readable(file):
            size = file.stat().st_size
        if size <= _SMALL:
            _check_file(file, digest)
        elif file.suffix == ".safetensors" and _expected_length(file) != size:
            raise InputError(f"{file}: altered or truncated since training. {RESTORE}")


def _check_file(file: Path, digest: str) -> FileState:
    """Compare a file with its SHA-256, and return the state it was found in."""
    with _readable(file), file.open("rb") as content:
        state = _state(file)
        if file.name in _WEIGHTS:
            _refuse_pickle(file, content.read(4))
            content.seek(0)
        if hashlib.file_digest(content, "sha256").hexdigest() != digest:
            raise InputError(f"{file}: altered or truncated since training. {RESTORE}")
    return state


def _expected_length(file: Path) -> int:
    """Return how long the header of a safetensors file says that it is; 0 if it is no header."""
    with _readable(file), file.open("rb") as content:
        length = int.from_bytes(content.read(8), "little")
        header = content.read(min(length, _SMALL))
    try:
        arrays = json.loads(header)
        arrays.pop("__metadata__", None)
        return 8 + length + int(max(array["data_offsets"][1] for array in arrays.values()))
    except (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError):
        return 0


def check_unchanged(path: Path, states: dict[str, FileState]) -> None:
    """Check that no file of a run changed since `check_files`, while the run was loaded.

    Raises:
        InputError: names the first that did.
    """
    for name, state in states.items():
        with _readable(path / name):
            if _state(path / name) != state:
                raise InputError(f"{path / name}: changed while it was read. Run this again.")


def _read_manifest(file: Path) -> dict[str, str]:
    """Return the digest of each file.

    Raises:
        InputError: an entry is no digest, two names differ in case alone, or a file that every
            run has is not listed.
    """
    manifest: dict[str, Any] = read_object(file, RESTORE)
    for name, digest in manifest.items():
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise InputError(f"{file}: {name[:100]!r} must be a SHA-256. {RESTORE}")
    for name, count in Counter(map(str.casefold, manifest)).items():
        if count > 1:
            raise InputError(f"{file}: lists {name[:100]!r} twice. {RESTORE}")
    for name in _REQUIRED:
        if name not in manifest:
            raise InputError(f"{file}: does not list {name}. {RESTORE}")
    return manifest


def _check_kind(path: Path, name: str) -> None:
    """Refuse a listed file that a run never has.

    Raises:
        InputError: it names other weights, may hold code, or is too large to be read.
    """
    file, folded = path / name, name.casefold()
    is_text = folded.endswith(_TEXTS) and not folded.endswith(_POINTERS)
    if file.name not in _WEIGHTS and not is_text:
        raise InputError(
            f"{file}: a file that no run has, so it was not read. A run holds "
            f"{', '.join(_WEIGHTS)}, texts and JSON, and no index of weights. {RESTORE}"
        )
    if is_text and file.stat().st_size > _LARGEST:
        raise InputError(
            f"{file}: larger than {_LARGEST // 1_000_000} MB, the most that is read. {RESTORE}"
        )


def _find_files(path: Path, folder: str) -> set[str]:
    """Return the names of the files in a folder of a run, and in its folder encoder.

    Raises:
        InputError: one is a link or no plain file, or there is another folder.
    """
    names = set()
    with os.scandir(path / folder) as entries:
        for entry in entries:
            name, mode = folder + entry.name, entry.stat(follow_symlinks=False).st_mode
            if _BESIDE.fullmatch(entry.name):
                continue
            if name == "encoder" and stat.S_ISDIR(mode):
                names |= _find_files(path, "encoder/")
            elif stat.S_ISREG(mode):
                names.add(name)
            else:
                raise InputError(
                    f"{path / name}: a link, a folder or a device; a run holds plain files of its "
                    "own. Move it elsewhere, or copy the run with `cp -rL`."
                )
    return names


def _refuse_pickle(file: Path, start: bytes) -> None:
    """Refuse a file that starts as pickles do, before any library opens it."""
    if start.startswith(_PICKLE_STARTS):
        raise InputError(
            f"{file}: a pickle or zip archive in place of weights; it was not opened. {RESTORE}"
        )


def _state(file: Path) -> FileState:
    status = file.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the system says of a file into one line."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. {RESTORE}") from error
