"""Paths, folders and standard input -> the files to read, each with its format."""

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, TypeVar

from seeds.base.errors import Fault, InputError
from seeds.base.surrogates import replace_surrogates
from seeds.reading.compressed import CODECS, Plain

T = TypeVar("T")

MAX_BYTES = 20_000_000  # of one article; the longest page of the articles at hand has 1 MB
STDIN = "stdin"  # the source of what comes in by "-"

Format = Literal["txt", "md", "html", "jsonl", "csv", "tsv", "parquet"]
TABLES = ("jsonl", "csv", "tsv", "parquet")  # formats of many articles
SUFFIXES: dict[str, Format] = {
    ".txt": "txt",
    ".text": "txt",
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file to read. path: None is standard input. codec: of its compression, else ""."""

    path: Path | None
    format: Format
    codec: str = ""

    @classmethod
    def of(cls, path: Path) -> "File":
        """Return a File of the format its suffix names; any other suffix is text."""
        return cls(path, SUFFIXES.get(plain_suffix(path), "txt"), _codec(path))

    @property
    def where(self) -> str:
        """The file's name in messages."""
        return STDIN if self.path is None else str(self.path)

    def source(self, base: str) -> str:
        """Return the file's name as a source: its path below a folder, below the root all of it."""
        if self.path is None:
            return STDIN
        path = os.path.abspath(self.path)  # noqa: PTH100  # resolve() would follow links
        if os.path.dirname(base) != base:  # noqa: PTH120
            path = os.path.relpath(path, base)
        return replace_surrogates(path)

    @contextlib.contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the file's plain bytes; standard input stays open afterwards.

        Raises:
            InputError: at the end, if compressed data is cut short or damaged.
        """
        if self.path is None:
            yield sys.stdin.buffer
            return
        with self.path.open("rb") as opened:
            if not self.codec:
                yield opened
                return
            plain = Plain(opened, self.codec)
            try:
                yield plain
            except InputError:
                if not plain.damage:  # else the damage is the cause
                    raise
            if plain.damage:
                raise InputError(
                    f"is cut short or damaged ({plain.damage}): only the part before that is read. "
                    "Copy it or compress it again."
                )

    def guarded(self, records: Iterator[T]) -> Iterator[T | Fault]:
        """Pass on what is read from the file; an error that ends it becomes the last, a Fault."""
        try:
            yield from records
        except InputError as error:
            yield Fault(self.where, str(error))
        except OSError as error:
            yield Fault(self.where, _reason(error))


def plain_suffix(path: Path) -> str:
    """Return the suffix that names a file's format, which stands before that of its compression."""
    return (Path(path.stem) if _codec(path) else path).suffix.lower()


def _codec(path: Path) -> str:
    return CODECS.get(path.suffix.lower(), "")


def common_folder(paths: Iterable[str]) -> str:
    """Return the folder that holds everything named; paths below it tell the files apart.

    Args:
        paths: files, folders, "-".
    """
    parents = {os.path.dirname(os.path.abspath(path)) for path in paths if path != "-"}  # noqa: PTH100,PTH120
    return os.path.commonpath(parents) if parents else ""


def format_size(size: int) -> str:
    """Write a number of bytes as people do: "1 byte", "500 bytes", "2.5 kB", "20 MB"."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    figure, unit = (size / 1e6, "MB") if size >= 1e6 else (size / 1e3, "kB")
    return f"{figure:,.1f} {unit}".replace(".0 ", " ")


def find_files(
    path: str, *, recursive: bool, stdin: Format, notify: Callable[[str], object]
) -> Iterator[File | Fault]:
    """Find the files a path stands for: itself, or the articles and tables of a folder, sorted.

    Args:
        path: a file, a folder, or "-".
        recursive: go into folders; without it a folder is a Fault.
        stdin: the format of "-".
        notify: is called with a line on the files left out of a folder.

    Raises:
        InputError: the path is empty, as that of an unset shell variable.
    """
    if not path:
        raise InputError("PATH is empty. Name a file or a folder.")
    if path == "-":
        yield File(None, stdin)
    elif not Path(path).is_dir():
        yield File.of(Path(path))
    elif not recursive:
        yield Fault(path, "is a folder. Add --recursive to read what is in it.")
    else:
        yield from _find_in_folder(Path(path), notify)


def _find_in_folder(folder: Path, notify: Callable[[str], object]) -> Iterator[File | Fault]:
    """Find the articles and tables under a folder; count the files of other kinds."""
    ignored: Counter[str] = Counter()
    empty = True
    for path in _walk(folder, set()):
        if isinstance(path, Path) and plain_suffix(path) not in SUFFIXES:
            ignored[path.suffix.lower() or "no suffix"] += 1
            continue
        empty = False
        yield path if isinstance(path, Fault) else File.of(path)
    note = _describe_ignored(ignored)
    if empty:
        message = "; ".join(filter(None, ("holds no article", note)))
        yield Fault(
            str(folder),
            f"{message}. Files that can be read: {' '.join(SUFFIXES)}, also compressed "
            f"({' '.join(CODECS)}). Name other files one by one.",
        )
    elif note:
        notify(f"{folder}: {note}")


def _describe_ignored(ignored: Counter[str]) -> str:
    """Say how many files of other kinds there are; "" for none."""
    if not ignored:
        return ""
    kinds = ", ".join(f"{suffix}: {count}" for suffix, count in ignored.most_common(5))
    files = f"{ignored.total():,} file{'' if ignored.total() == 1 else 's'}"
    return f"{files} of other kinds left out ({kinds})"


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path | Fault]:
    """Find the visible files under a folder, sorted; enter no folder twice, by links either."""
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        if (folder / ".lock").is_file() and (folder / "taxonomy.toml").is_file():
            return  # a workspace: its files are no articles
        with os.scandir(folder) as entries:
            visible = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        yield Fault(str(folder), _reason(error))
        return
    for path in (folder / name for name in visible):
        if path.is_dir():
            yield from _walk(path, seen)
        elif path.is_file():
            yield path
        elif path.is_symlink():
            yield Fault(str(path), "is a broken link. Remove or repair it.")


def _reason(error: OSError) -> str:
    """Describe to the user why a file can't be opened or read."""
    if isinstance(error, FileNotFoundError):
        return "does not exist. Check the path."
    if isinstance(error, PermissionError):
        return "may not be read (permission denied). Ask for the right to read it, or copy it."
    return f"could not be read: {error.strerror or error}. Check the file."
