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
    """A file to read. path: None is standard input; codec: how it is compressed, or ""."""

    path: Path | None
    format: Format
    codec: str = ""

    @classmethod
    def of(cls, path: Path) -> "File":
        """A file of the format its suffix tells; any other suffix is text."""
        return cls(path, SUFFIXES.get(plain_suffix(path), "txt"), _codec(path))

    @property
    def where(self) -> str:
        """What to call it in a message."""
        return STDIN if self.path is None else str(self.path)

    def source(self, base: str) -> str:
        """What to call it as a source: its path below a folder; below the root, all of it."""
        if self.path is None:
            return STDIN
        whole = os.path.abspath(self.path)  # noqa: PTH100  # resolve() would follow links
        below = whole if os.path.dirname(base) == base else os.path.relpath(whole, base)  # noqa: PTH120
        return replace_surrogates(below)

    @contextlib.contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The file's plain bytes; standard input stays open.

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
                if not plain.damage:  # else what else is wrong follows from it
                    raise
            if plain.damage:
                raise InputError(
                    f"is cut short or damaged ({plain.damage}): only what stands before that is "
                    "read. Copy or compress it again."
                )

    def guarded(self, found: Iterator[T]) -> Iterator[T | Fault]:
        """What is found in the file; an error that ends it becomes the last Fault."""
        try:
            yield from found
        except InputError as error:
            yield Fault(self.where, str(error))
        except OSError as error:
            yield Fault(self.where, _reason(error))


def plain_suffix(path: Path) -> str:
    """The suffix that tells a file's format, before the one of its compression if it has one."""
    return (Path(path.stem) if _codec(path) else path).suffix.lower()


def _codec(path: Path) -> str:
    return CODECS.get(path.suffix.lower(), "")


def common_folder(paths: Iterable[str]) -> str:
    """The folder that holds all that was named, from which on paths tell the files apart.

    Args:
        paths: files, folders, "-".
    """
    parents = {os.path.dirname(os.path.abspath(each)) for each in paths if each != "-"}  # noqa: PTH100,PTH120
    return os.path.commonpath(parents) if parents else ""


def format_size(size: int) -> str:
    """A number of bytes as people write it: "1 byte", "500 bytes", "2.5 kB", "20 MB"."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    figure, unit = (size / 1e6, "MB") if size >= 1e6 else (size / 1e3, "kB")
    return f"{figure:,.1f} {unit}".replace(".0 ", " ")


def find_files(
    path: str, *, recursive: bool, stdin: Format, notify: Callable[[str], object]
) -> Iterator[File | Fault]:
    """The files a path stands for: itself, or the articles and tables of a folder, sorted.

    Args:
        path: a file, a folder, or "-".
        recursive: go into folders; without it a folder is a Fault.
        stdin: the format of "-".
        notify: gets a line on what was left out of a folder.

    Raises:
        InputError: the path is empty, as an unset variable of a shell is.
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
        yield from _folder(Path(path), notify)


def _folder(folder: Path, notify: Callable[[str], object]) -> Iterator[File | Fault]:
    """The articles and tables under a folder; other kinds are counted."""
    others: Counter[str] = Counter()
    empty = True
    for each in _walk(folder, set()):
        if isinstance(each, Path) and plain_suffix(each) not in SUFFIXES:
            others[each.suffix.lower() or "no suffix"] += 1
            continue
        empty = False
        yield each if isinstance(each, Fault) else File.of(each)
    left_out = _left_out(others)
    if empty:
        message = "; ".join(filter(None, ("holds no article", left_out)))
        yield Fault(
            str(folder),
            f"{message}. Read are {' '.join(SUFFIXES)}, plain or {' '.join(CODECS)}; "
            "name other files one by one.",
        )
    elif left_out:
        notify(f"{folder}: {left_out}")


def _left_out(others: Counter[str]) -> str:
    """How many files of other kinds there were; "" for none."""
    if not others:
        return ""
    kinds = ", ".join(f"{suffix}: {count}" for suffix, count in others.most_common(5))
    count = f"{others.total():,} file{'' if others.total() == 1 else 's'}"
    return f"{count} of other kinds left out ({kinds})"


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path | Fault]:
    """The visible files under a folder, sorted; each folder once, however many links lead there."""
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        if (folder / ".lock").is_file() and (folder / "taxonomy.toml").is_file():
            return  # a workspace: its files are ours, not articles
        with os.scandir(folder) as entries:
            visible = sorted(each.name for each in entries if not each.name.startswith("."))
    except OSError as error:
        yield Fault(str(folder), _reason(error))
        return
    for path in (folder / name for name in visible):
        if path.is_dir():
            yield from _walk(path, seen)
        elif path.is_file():
            yield path
        elif path.is_symlink():
            yield Fault(str(path), "is a link that leads nowhere. Remove it or mend it.")


def _reason(error: OSError) -> str:
    """What to say of a file that can't be opened or read."""
    if isinstance(error, FileNotFoundError):
        return "does not exist. Check the path."
    if isinstance(error, PermissionError):
        return "may not be read (permission denied). Ask for the right to read it, or copy it."
    return f"could not be read: {error.strerror or error}. Check the file."
